"""Django's ORM: load, change, a refused change, an expression, a bulk of rows. (It names savepoints and cursors after threads.)"""
import sys
from urllib.parse import urlsplit

import django
from django.conf import settings

url = urlsplit(sys.argv[1])
place = {"HOST": url.hostname, "PORT": url.port, "USER": url.username, "PASSWORD": url.password}
database = {"ENGINE": "django.db.backends.postgresql", "NAME": url.path.lstrip("/"), **place}
settings.configure(DATABASES={"default": database})
django.setup()

from django.db import IntegrityError, connection, models, transaction  # noqa: E402


class Stock(models.Model):
    sku = models.IntegerField(primary_key=True)
    units = models.IntegerField()
    note = models.TextField(null=True)

    class Meta:
        app_label, db_table, managed = "shop", "stock", False


print(list(Stock.objects.filter(units__gte=0).order_by("sku").values_list()))
with transaction.atomic():
    lamp = Stock.objects.select_for_update().get(sku=1)
    lamp.units -= 1
    lamp.save()
try:
    with transaction.atomic():
        Stock.objects.filter(sku=2).update(units=models.F("units") - 1)
except IntegrityError as error:
    print(type(error.__cause__).__name__)
Stock.objects.bulk_create(Stock(sku=sku, units=1) for sku in range(10, 200))
print(Stock.objects.get_or_create(sku=10, defaults={"units": 3})[1], Stock.objects.aggregate(models.Sum("units")))
connection.close()
print("end")
