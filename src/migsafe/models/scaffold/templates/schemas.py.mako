"""What comes in and goes out of ${plan.table}."""

<%text>@@imports@@</%text>
% if aliases:

% for name, code in aliases.items():
${name} = ${code}
% endfor
% endif


class ${plan.name}Create(BaseModel):
    """A new ${plan.snake.replace("_", " ")}."""
% if create:

% for line in create:
${line}
% endfor
% endif


class ${plan.name}Read(BaseModel):
    """The ${plan.snake.replace("_", " ")} that is stored."""

    model_config = ConfigDict(from_attributes=True)

% for line in read:
${line}
% endfor


class ${plan.name}Update(BaseModel):
    """Changes of the ${plan.snake.replace("_", " ")}: what is not given stays as it is."""
% if update:

% for line in update:
${line}
% endfor
% endif
% if required:

${required}
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("cannot be null")
        return value
% endif
