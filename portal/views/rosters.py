"""Rosters: what each of the own side says, a form that changes it, who stands in, who is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, ClassVar, cast
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.action import instant, reading
from portal.actions.rostering import note_absence, set_roster, set_stand_in, withdraw_stretch
from portal.actor import Actor, Side
from portal.errors import Conflict, Invalid, NotFound
from portal.forms import explain
from portal.models import Partnership, Roster
from portal.pages import Page, PageRequest
from portal.queries.duty import ROLES, RosterDetail, codes_of, list_rosters, roster_detail
from portal.queries.rooms import list_rooms
from portal.rosters.cover import cover_of
from portal.rosters.hours import DutyHours
from portal.rosters.plan import TURN_DAYS_MAX, Rotation
from portal.states import ROSTER_KEEPERS, of_side
from portal.views.ladders import roles_words

LOCAL = "%Y-%m-%dT%H:%M"
STEPS = {"stand_in": set_stand_in, "absence": note_absence}


@dataclass(frozen=True, slots=True)
class Place:
    """A program, or all programs of a partnership, where the reader's side keeps rosters."""

    space_id: UUID
    name: str
    zone: str


class RotationForm(forms.Form):
    """Who takes turns, in which order, from when; a place in the order is a number, none stays out."""

    begins_on = forms.DateField(
        label=gettext_lazy("The first one's turn begins on"), widget=forms.DateInput(attrs={"type": "date"})
    )
    handover_at = forms.TimeField(
        label=gettext_lazy("Handover at"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    days = forms.IntegerField(label=gettext_lazy("A turn lasts, days"), min_value=1, max_value=TURN_DAYS_MAX)
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"))
    hours = forms.CharField(
        label=gettext_lazy("Duty hours"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Such as mon-fri 08:00-18:00. Empty: at any hour."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, people: dict[UUID, str], **kwargs: Any) -> None:
        """Take who holds the role."""
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["zone"]).choices = [
            (each, each) for each in sorted(available_timezones()) if "/" in each
        ]
        self.places = {f"place_{person_id}": person_id for person_id in people}
        for name, person_id in self.places.items():
            self.fields[name] = forms.IntegerField(
                label=_("%s, place in the order") % people[person_id],
                min_value=1,
                max_value=len(people),
                required=False,
            )
        self.order_fields([*self.places])

    def clean_hours(self) -> DutyHours:
        """Read the hours."""
        try:
            return DutyHours.parse(self.cleaned_data["hours"])
        except ValueError as error:
            raise forms.ValidationError(_("Write days and times such as mon-fri 08:00-18:00.")) from error

    def rotation(self) -> Rotation:
        """Return what was said."""
        given = self.cleaned_data
        placed = [(given[name], name) for name in self.places if given.get(name)]
        people = tuple(self.places[name] for _place, name in sorted(placed))
        keys = ("zone", "begins_on", "handover_at", "days", "hours")
        return Rotation(people, **{key: given[key] for key in keys})


class StretchForm(forms.Form):
    """Somebody stands in or is away, in the local time of the roster."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What"),
        choices=[("stand_in", gettext_lazy("has duty")), ("absence", gettext_lazy("is away"))],
    )
    person = forms.ChoiceField(label=gettext_lazy("Who"))
    begins_at = forms.DateTimeField(
        label=gettext_lazy("From"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
    )
    ends_at = forms.DateTimeField(
        label=gettext_lazy("Until"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: dict[UUID, str], **kwargs: Any) -> None:
        """Take who holds the role."""
        super().__init__(*args, **kwargs)
        choices = [(str(person_id), code) for person_id, code in people.items()]
        cast("forms.ChoiceField", self.fields["person"]).choices = choices


def may_keep(actor: Actor, space_id: UUID, side: str) -> bool:
    """Say whether the reader keeps the rosters of a side."""
    return actor.holds(space_id, *of_side(ROSTER_KEEPERS, side))


def places_of(actor: Actor) -> dict[UUID, Place]:
    """Return where the reader's side may keep rosters; a whole partnership before its programs."""
    wide = Partnership.objects.visible_to(actor).order_by("sponsor_name", "id")
    found = [
        Place(each.pk, _("all programs, %(sponsor)s at %(manufacturer)s") % names, "UTC")
        for each in wide
        for names in [{"sponsor": each.sponsor_name, "manufacturer": each.manufacturer_name}]
    ]
    rooms = sorted(list_rooms(actor).values(), key=lambda each: each.program.code)
    found += [Place(each.program.pk, each.program.code, each.zone) for each in rooms]
    return {each.space_id: each for each in found}


class RostersPage(Page):
    """The rosters of the reader's own side, and the roles that have none."""

    here: ClassVar[str] = "escalations"
    template_name: ClassVar[str] = "portal/rosters.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return rosters by place, with where one may be begun."""
        actor, places = request.actor, places_of(request.actor)
        rosters = list_rosters(actor)
        return {"groups": [_group(actor, place, rosters) for place in places.values()]}


def _group(actor: Actor, place: Place, rosters: list[Roster]) -> dict[str, Any]:
    kept = [each for each in rosters if each.space_id == place.space_id]
    side = actor.side(place.space_id)
    has = {each.role for each in kept}
    open_roles = [
        {"role": role, "words": roles_words([role])}
        for role in ROLES.get(cast("Side", side), ())
        if role not in has and may_keep(actor, place.space_id, str(side))
    ]
    return {
        "place": place,
        "side": side,
        "rosters": [{"roster": each, "words": roles_words([each.role])} for each in kept],
        "open_roles": open_roles,
    }


class NewRoster(Page):
    """Begin a roster for a role."""

    here: ClassVar[str] = "escalations"
    template_name: ClassVar[str] = "portal/roster.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the empty form. Raises: NotFound."""
        actor, space_id, role = request.actor, kwargs["space_id"], kwargs["role"]
        place, side = places_of(actor).get(space_id), actor.side(space_id)
        if place is None or side is None or role not in ROLES.get(side, ()):
            raise NotFound
        if not may_keep(actor, space_id, side):
            raise NotFound
        cover = cover_of(space_id)
        people = codes_of(cover, side, role)
        now = instant().astimezone(ZoneInfo(cover.zones.get(side, place.zone)))
        initial: dict[str, Any] = {
            "begins_on": now.date(),
            "handover_at": time(7),
            "days": 7,
            "zone": cover.zones.get(side, place.zone),
            **{f"place_{person_id}": number for number, person_id in enumerate(people, 1)},
        }
        return {
            "place": place,
            "role": roles_words([role]),
            "people": people,
            "form": RotationForm(request.POST or None, people=people, initial=initial),
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Keep it."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            form: RotationForm = self.context(asked, **kwargs)["form"]
        side = cast("Side", asked.actor.side(kwargs["space_id"]))
        if form.is_valid():
            try:
                roster = set_roster(
                    asked.actor, kwargs["space_id"], side=side, role=kwargs["role"], rotation=form.rotation()
                )
            except (Invalid, Conflict) as error:
                _explain(form, error)
            else:
                messages.success(asked, _("The roster is kept."))
                return HttpResponseRedirect(reverse("roster", args=[roster.pk]), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form}, **kwargs)


def _explain(form: forms.Form, error: Invalid | Conflict) -> None:
    """Say a refusal beside its fields; what is said of the people stands above their places."""
    said = Invalid(error.detail, errors={**error.errors})
    people = said.errors.pop("people", [])
    explain(form, said) if said.errors or not people else None
    for sentence in people:
        form.add_error(None, sentence)


class RosterPage(Page):
    """One roster: who has duty, the order, who stands in or is away, every version."""

    here: ClassVar[str] = "escalations"
    template_name: ClassVar[str] = "portal/roster.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the roster with its forms. Raises: NotFound."""
        actor = request.actor
        found = roster_detail(actor, kwargs["roster_id"], instant())
        roster, people = found.roster, dict(found.codes)
        keeps = may_keep(actor, roster.space_id, str(roster.side))
        own = {actor.person_id: people[actor.person_id]} if actor.person_id in people else {}
        allowed = people if keeps else own
        return {
            "place": places_of(actor).get(roster.space_id),
            "role": roles_words([roster.role]),
            "found": found,
            "zone": found.plan.rotation.zone,
            "order": [people.get(each, _("no longer in this role")) for each in found.plan.rotation.people],
            "hours": found.plan.rotation.hours.words or _("at any hour"),
            "stretches": _stretches(found, actor, keeps=keeps),
            "keeps": keeps,
            "people": people,
            "form": RotationForm(people=people, initial=_initial(found)) if keeps else None,
            "stretch_form": StretchForm(people=allowed, initial={"version": roster.version})
            if allowed
            else None,
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Change the rotation."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            found = roster_detail(asked.actor, kwargs["roster_id"], instant())
        form = RotationForm(asked.POST, people=dict(found.codes))
        roster = found.roster
        if form.is_valid():
            try:
                set_roster(
                    asked.actor,
                    roster.space_id,
                    side=Side(roster.side),
                    role=roster.role,
                    rotation=form.rotation(),
                    version=form.cleaned_data["version"],
                )
            except (Invalid, Conflict) as error:
                _explain(form, error)
            else:
                messages.success(asked, _("The roster is kept."))
                return HttpResponseRedirect(reverse("roster", args=[roster.pk]), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form}, **kwargs)


class SetStretch(RosterPage):
    """Say that somebody stands in or is away."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the roster."""
        return HttpResponseRedirect(reverse("roster", args=[kwargs["roster_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Keep it."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            found = roster_detail(asked.actor, kwargs["roster_id"], instant())
        form = StretchForm(asked.POST, people=dict(found.codes))
        zone = ZoneInfo(found.plan.rotation.zone)
        if form.is_valid():
            given = form.cleaned_data
            try:
                STEPS[given["kind"]](
                    asked.actor,
                    kwargs["roster_id"],
                    person_id=UUID(given["person"]),
                    begins_at=given["begins_at"].replace(tzinfo=zone),
                    ends_at=given["ends_at"].replace(tzinfo=zone),
                    version=given["version"],
                )
            except Invalid as error:
                explain(form, error)
            else:
                messages.success(asked, _("The roster is kept."))
                return HttpResponseRedirect(reverse("roster", args=[kwargs["roster_id"]]), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"stretch_form": form}, **kwargs)


class WithdrawStretch(SetStretch):
    """Take back that somebody stands in or is away."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take it back."""
        asked = cast("PageRequest", request)
        try:
            person_id = UUID(asked.POST.get("person", ""))
            begins_at = datetime.fromisoformat(asked.POST.get("begins_at", ""))
            version = int(asked.POST.get("version", ""))
        except ValueError as error:
            raise NotFound from error
        withdraw_stretch(
            asked.actor, kwargs["roster_id"], person_id=person_id, begins_at=begins_at, version=version
        )
        messages.success(asked, _("Taken back."))
        return HttpResponseRedirect(reverse("roster", args=[kwargs["roster_id"]]), status=303)


def _initial(found: RosterDetail) -> dict[str, Any]:
    rotation = found.plan.rotation
    return {
        "begins_on": rotation.begins_on,
        "handover_at": rotation.handover_at,
        "days": rotation.days,
        "zone": rotation.zone,
        "hours": rotation.hours.words,
        "version": found.roster.version,
        **{f"place_{person_id}": number for number, person_id in enumerate(rotation.people, 1)},
    }


def _stretches(found: RosterDetail, actor: Actor, *, keeps: bool) -> list[dict[str, Any]]:
    said = [(_("has duty"), each) for each in found.plan.stand_ins]
    said += [(_("is away"), each) for each in found.plan.away]
    return [
        {
            "what": what,
            "code": found.codes.get(each.person_id, _("no longer in this role")),
            "stretch": each,
            "may_withdraw": keeps or each.person_id == actor.person_id,
        }
        for what, each in sorted(said, key=lambda pair: pair[1].begins_at)
    ]
