[tool.alembic]
script_location = "${script_location}"
prepend_sys_path = ["."]

# Each new revision is checked when it is written.
[[tool.alembic.post_write_hooks]]
name = "migsafe"
type = "migsafe"
