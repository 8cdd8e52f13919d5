"""Django's rows: what managers, relations and models of libraries give, and which of it queries once per turn."""

from __future__ import annotations

import pytest

from tests.rules.projects import expected, places

_MODELS = """\
from django.contrib.auth.models import AbstractBaseUser, UserManager
from django.db import models
from elsewhere.models import TimestampedModel
from model_utils.managers import InheritanceManager

class Lines(models.QuerySet):
    def open(self):
        return self.filter(state="open")

LineManager = models.Manager.from_queryset(Lines)

class Saves:
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)

class User(AbstractBaseUser):
    objects = UserManager()

class Order(Saves, models.Model):
    class Status(models.TextChoices):
        OPEN = "open"

    objects = InheritanceManager()
    customer = models.ForeignKey(User, on_delete=models.CASCADE)
    tags = models.ManyToManyField("Tag", related_name="orders")
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE)

    def close(self):
        self.state = "closed"
        self.save()

class Line(TimestampedModel):
    objects = LineManager()
    order = models.ForeignKey(to="shop.Order", on_delete=models.CASCADE, related_name="lines")
    name = models.CharField(max_length=10)

class Note(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE)

    def save(self, *args, **kwargs):
        super(Note, self).save(*args, **kwargs)

class Tag(models.Model):
    name = models.CharField(max_length=10)
"""
_HEAD = """\
from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.shortcuts import get_list_or_404, get_object_or_404
from reversion.models import Version
from shop.models import Line, Note, Order, Tag, User

"""
CASES = {
    "rows of a queryset are saved and deleted one by one": """\
def close(keys):
    for order in Order.objects.filter(pk__in=keys).order_by("pk"):
        order.close()  # error: ARC201
    for line in list(Line.objects.all()):
        line.delete()  # error: ARC201
    rows = [row for row in Note.objects.all()[:9000] if row.pk]
    for note in Note.objects.filter(pk__in=keys):
        note.state = "seen"
        rows.append(note)
    Note.objects.bulk_update(rows, ["state"])

async def reopen(keys):
    async for order in Order.objects.filter(pk__in=keys):
        await order.asave()  # error: ARC201
""",
    "related rows, forwards and backwards": """\
def ship(keys):
    order = Order.objects.get(pk=keys[0])
    for line in order.lines.all():
        line.order.customer.save()  # error: ARC201
        line.order.lines.count()  # error: ARC201
    for note in order.note_set.filter(done=False):
        note.save()  # error: ARC201
    for key in keys:
        order.tags.add(key)  # error: ARC201
    for tag in Tag.objects.all():
        tag.orders.exists()  # error: ARC201
        tag.others.exists()
    order.tags.add(*keys)
""",
    "models and managers that a library brings": """\
def invite(emails):
    people = get_user_model()
    kind = apps.get_model("shop", "Anything")
    for email in emails:
        User.objects.get(email=email)  # error: ARC201
        people.objects.filter(email=email).exists()  # error: ARC201
        kind.objects.create(email=email)  # error: ARC201
        Group.objects.get(name=email)  # error: ARC201
        Version.objects.get_for_object(email).first()  # error: ARC201
        Line.objects.open().first()  # error: ARC201
        Order.objects.select_subclasses().first()  # error: ARC201
        line = Line(name=email)
        line.save()  # error: ARC201
""",
    "functions that look rows up for a view": """\
def answer(request):
    order = get_object_or_404(Order, pk=request.POST["order"])
    for key in request.POST.getlist("lines"):
        line = get_object_or_404(order.lines, pk=key)  # error: ARC201
        line.delete()  # error: ARC201
    for note in get_list_or_404(Note, order=order):
        note.save()  # error: ARC201
""",
    "querysets that a loop runs through": """\
def report(keys):
    for order in Order.objects.filter(pk__in=keys).prefetch_related("lines"):
        for line in order.lines.all():
            print(line.name)
        for line in order.lines.filter(state="open"):  # error: ARC201
            print(line.name)
        notes = Note.objects.filter(order=order).order_by("pk")  # error: ARC201
        print([note.pk for note in notes], names(order))  # error: ARC201
        print(len(Tag.objects.filter(orders=order)))  # error: ARC201
        late = Tag.objects.filter(orders=order, name="late")
        known = order.lines.filter(pk__in=Line.objects.filter(name="a")).none()
        for line in known:
            print(line)
    for tag in late:
        print(tag)

def names(order):
    return [tag.name for tag in order.tags.order_by("name")]
""",
    "a synchronous helper called from a coroutine": """\
def find(key):
    return Order.objects.get(pk=key)

async def names(keys):
    return [await sync_to_async(find)(key) for key in keys]  # error: ARC201
""",
    "collections made of querysets are in memory": """\
def known(keys):
    seen = set(Order.objects.values_list("pk", flat=True))
    rows = list(Order.objects.filter(pk__in=keys))
    states = dict(Order.objects.values_list("pk", "state"))
    for key in keys:
        seen.add(key)
        seen.remove(key)
        rows.count(key)
        states.get(key)
    for row in Order.objects.values("pk"):
        row.update(seen=True)
    for name in Tag.objects.values_list("name", flat=True):
        name.count("a")
""",
    "lazy querysets, choices and what a model is made of": """\
def counts(keys):
    querysets = []
    for key in keys:
        querysets.append(Order.objects.filter(pk=key).select_related("customer"))
        Order(pk=key).lines.order_by("name")
    states = [state for state, _ in Order.Status.choices if state]
    for state in states:
        Order.objects.filter(state=state).count()
    for field in Order._meta.get_fields():
        Order.objects.filter(**{field.name: None}).exists()
    for model in apps.get_models():
        model.objects.count()
""",
    "rows that are counted or paired as they come": """\
def number(keys):
    for position, note in enumerate(Note.objects.order_by("pk"), 1):
        note.position = position
        note.save()  # error: ARC201
        position.save()
    for order, key in zip(Order.objects.all(), keys, strict=True):
        order.close()  # error: ARC201
        key.close()
    for index, (order, key) in enumerate(zip(Order.objects.all(), keys)):
        order.delete()  # error: ARC201
        index.delete()
""",
    "a loop whose progress is shown": """\
from rich.progress import track
from tqdm import tqdm

def move(keys):
    for order in tqdm(Order.objects.filter(pk__in=keys), desc="orders"):
        order.close()  # error: ARC201
    for start in tqdm(range(0, len(keys), 500)):
        Order.objects.filter(pk__in=keys[start : start + 500]).update(state="moved")
    for state in track(("open", "closed")):
        Order.objects.filter(state=state).count()
""",
    "what a request brings is data, what a setting lists is not": """\
def post(request, settings):
    for key, value in request.POST.items():
        Order.objects.filter(pk=key).update(state=value)  # error: ARC201
    for key in settings.STATES:
        Order.objects.filter(state=key).count()
""",
    "a class of one's own that has a save and objects": """\
class Draft:
    objects = []

    def save(self):
        self.saved = True

class Shelf:
    lines = []

def write(drafts: list[Draft], shelf: Shelf):
    for draft in drafts:
        draft.save()
        Draft.objects.count(draft)
        shelf.lines.count(draft)
""",
    "a part of what a helper answers is no list written out": """\
def work(orders):
    paid, late = split(orders)
    for order in late:
        Order.objects.get(pk=order)  # error: ARC201
    first, second = kinds()
    for kind in first:
        Order.objects.filter(kind=kind).exists()

def split(orders):
    paid = [order for order in orders if order.paid]
    return paid, [order for order in orders if not order.paid]

def kinds():
    return ("a", "b"), ("c", "d")
""",
}


@pytest.mark.parametrize("name", CASES)
def test_django_rows(name: str) -> None:
    files = {"shop/__init__.py": "", "shop/models.py": _MODELS, "shop/work.py": _HEAD + CASES[name]}
    assert places(files, "ARC201") == expected(files)
