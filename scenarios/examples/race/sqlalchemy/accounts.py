"""Withdraws whenever it is told to run, with SQLAlchemy's ORM; speaks JSON lines."""
import json
import os
import sys

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    balance: Mapped[int]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version} if sys.argv[1] == "fix" else {}


# What is prepared on the server after some executions would make later ones differ from the first.
url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql+psycopg://")
engine = create_engine(url, connect_args={"prepare_threshold": None})


def withdraw(amount):
    try:
        with Session(engine) as session, session.begin():
            account = session.get_one(Account, 1)
            if account.balance < amount:
                return {"refused": "not enough"}
            account.balance -= amount
    except StaleDataError:
        return {"refused": "somebody else was faster"}
    return {"ok": amount}


print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    print(json.dumps(withdraw(60)), flush=True)
