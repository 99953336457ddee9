"""${plan.table.replace("_", " ").capitalize()}."""

<%text>@@imports@@</%text>
% if enums:


def _labels(members: type[Enum]) -> list[str]:
    return [member.value for member in members]
% endif
% for name, labels in enums:


class ${name}(str, Enum):
% for member, label in labels.items():
    ${member} = ${quoted(label)}
% endfor
% endfor


class ${plan.name}(${", ".join(bases)}):
    __tablename__ = ${quoted(plan.table)}
% for line in body:
${line}
% endfor
