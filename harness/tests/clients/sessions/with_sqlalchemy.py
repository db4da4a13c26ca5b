"""The ORM over psycopg and over psycopg2: load, change, flush, take back, refused."""
import sys

from sqlalchemy import create_engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Stock(Base):
    __tablename__ = "stock"
    sku: Mapped[int] = mapped_column(primary_key=True)
    units: Mapped[int]
    note: Mapped[str | None]


for driver in ("psycopg", "psycopg2"):
    engine = create_engine(sys.argv[1].replace("postgres://", f"postgresql+{driver}://"))
    with Session(engine) as session:
        for lamp in session.scalars(select(Stock).where(Stock.units > 0).order_by(Stock.sku)):
            lamp.units -= 1
            print(lamp.sku, lamp.units, lamp.note)
        session.add_all(Stock(sku=sku, units=1, note=driver) for sku in range(10, 20))
        session.commit()
        session.get_one(Stock, 1, with_for_update=True).note = "locked"
        with session.begin_nested():
            session.add(Stock(sku=500, units=5, note=None))
        session.rollback()
        session.add(Stock(sku=2, units=-1, note=None))
        try:
            session.flush()
        except IntegrityError as error:
            print(type(error.orig).__name__)
            session.rollback()
        for row in session.scalars(select(Stock).where(Stock.sku >= 10)):
            session.delete(row)
        session.commit()
    engine.dispose()
print("end")
