"""A shop whose coupons can be used so many times: Django's ORM with its own pool of connections, under gunicorn."""
import os
from urllib.parse import urlsplit

import django
from django.conf import settings

url = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.path.lstrip("/"),
            "USER": url.username,
            "PASSWORD": url.password,
            "HOST": url.hostname,
            "PORT": url.port,
            "OPTIONS": {"pool": {"min_size": 2, "max_size": 2}},
        }
    },
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402


class Coupon(models.Model):
    code = models.TextField(primary_key=True)
    uses_left = models.IntegerField()

    class Meta:
        app_label, db_table, managed = "shop", "coupon", False


class Redemption(models.Model):
    code = models.TextField()

    class Meta:
        app_label, db_table, managed = "shop", "redemption", False


def use_with_bug(code):
    coupon = Coupon.objects.get(code=code)
    if coupon.uses_left == 0:
        return False
    coupon.uses_left -= 1
    coupon.save()
    return True


def use(code):
    left = Coupon.objects.filter(code=code, uses_left__gt=0)
    return left.update(uses_left=models.F("uses_left") - 1) == 1


def redeem(request, code):
    with transaction.atomic():
        if not (use if os.environ["SHOP"] == "fix" else use_with_bug)(code):
            return HttpResponse("used up", status=409)
        Redemption.objects.create(code=code)
    return HttpResponse("redeemed")


def ready(request):
    connection.ensure_connection()
    pool = connection.pool
    connection.close()
    pool.wait()
    return HttpResponse("yes")


urlpatterns = [path("ready", ready), path("redeem/<code>", redeem)]
application = get_wsgi_application()
