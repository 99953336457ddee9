"""Recipes and what goes into them: link models, enums, documents, limits (SQLModel)."""

import enum
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Base(SQLModel, registry=registry(metadata=metadata)):
    metadata = metadata


class Course(str, enum.Enum):
    starter = "starter"
    main = "main"
    dessert = "dessert"


class RecipeTag(Base, table=True):
    __tablename__ = "recipe_tags"

    recipe_id: uuid.UUID = Field(foreign_key="recipes.id", primary_key=True, ondelete="CASCADE")
    tag_id: int = Field(foreign_key="tags.id", primary_key=True, ondelete="CASCADE", index=True)


class Ingredient(Base, table=True):
    __tablename__ = "ingredients"

    recipe_id: uuid.UUID = Field(foreign_key="recipes.id", primary_key=True, ondelete="CASCADE")
    place: int = Field(primary_key=True, ge=1)
    name: str = Field(max_length=100)
    grams: Decimal | None = Field(default=None, max_digits=8, decimal_places=1, gt=0)

    recipe: "Recipe" = Relationship(back_populates="ingredients")


class Tag(Base, table=True):
    __tablename__ = "tags"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=40, unique=True)

    recipes: list["Recipe"] = Relationship(back_populates="tags", link_model=RecipeTag)


class Recipe(Base, table=True):
    __tablename__ = "recipes"
    __table_args__ = (
        sa.CheckConstraint("serves BETWEEN 1 AND 100", name="serves_range"),
        sa.Index("ix_recipes_notes", "notes", postgresql_using="gin"),
    )

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    title: str = Field(max_length=200, min_length=3)
    course: Course = Field(sa_type=sa.Enum(Course, name="course"))
    serves: int = Field(default=4, ge=1, le=100)
    notes: dict[str, Any] = Field(
        default_factory=dict, sa_column=sa.Column(postgresql.JSONB, nullable=False)
    )
    photo: str = Field(sa_column=sa.Column(sa.String(300)))
    created_at: datetime = Field(
        default_factory=datetime.utcnow,
        sa_type=sa.DateTime(timezone=True),
        sa_column_kwargs={"server_default": sa.func.now()},
    )

    tags: list[Tag] = Relationship(back_populates="recipes", link_model=RecipeTag)
    ingredients: list[Ingredient] = Relationship(
        back_populates="recipe", cascade_delete=True, passive_deletes=True
    )
