"""The base of all models, and how constraints are named."""

% if is_sqlmodel:
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
% else:
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

NAMING_CONVENTION = {
% endif
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


% if is_sqlmodel:
class Base(SQLModel):
    """What the models inherit from; ``SQLModel.metadata`` has their tables."""
% else:
class Base(DeclarativeBase):
    """What the models inherit from."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
% endif
