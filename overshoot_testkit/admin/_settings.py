"""/settings and /models: how Overshoot's fake behaves, and its catalogue."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from pydantic import RootModel

from overshoot_testkit.admin._operation import AdminError, Ask, Body, Operation, View
from overshoot_testkit.fakes.overshoot.settings import ModelStatus  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from overshoot_testkit.fakes.overshoot import OvershootFake

_HIDDEN = frozenset({"accounts", "livekit_api_secret"})
"""Secrets: never shown. /keys has the accounts."""


class SettingsView(RootModel[dict[str, Any]]):
    """All settings that JSON can say and that are no secret, by name."""


class Changes(RootModel[dict[str, Any]]):
    """Settings from now on; those not named stay."""


class ModelView(View):
    """A model of the catalogue."""

    model: str
    status: ModelStatus
    ready: bool


class ModelsView(View):
    """The catalogue."""

    models: list[ModelView]


class Status(Body):
    """How a model is."""

    status: ModelStatus


class SettingsPart:
    """Its operations."""

    def __init__(self, fake: OvershootFake) -> None:
        self._fake = fake

    def operations(self) -> list[Operation]:
        """What can be asked."""
        return [
            Operation("get_settings", "GET", "/settings", "How the fake behaves.", self._all, SettingsView),
            Operation(
                "change_settings",
                "PATCH",
                "/settings",
                "Change settings, as a new release of the server would.",
                self._change,
                SettingsView,
                body=Changes,
            ),
            Operation("get_models", "GET", "/models", "The catalogue.", self._models, ModelsView),
            Operation(
                "set_model",
                "PUT",
                "/models/{name:.+}",
                "Let a model be so; a new name is added.",
                self._model,
                ModelView,
                body=Status,
            ),
        ]

    def _all(self, _: Ask) -> dict[str, Any]:
        settings = self._fake.settings
        values = {each.name: getattr(settings, each.name) for each in dataclasses.fields(settings)}
        return {name: value for name, value in values.items() if name not in _HIDDEN and not callable(value)}

    def _change(self, ask: Ask) -> dict[str, Any]:
        try:
            self._fake.apply(ask.body.root)
        except (ValueError, TypeError) as error:
            raise AdminError(422, "invalid", str(error)) from None
        return self._all(ask)

    def _models(self, _: Ask) -> ModelsView:
        models = self._fake.settings.models
        return ModelsView(models=[_viewed(name, status) for name, status in models.items()])

    def _model(self, ask: Ask) -> ModelView:
        name = ask.parameters["name"]
        self._fake.set_model(name, ask.body.status)
        return _viewed(name, ask.body.status)


def _viewed(name: str, status: ModelStatus) -> ModelView:
    return ModelView(model=name, status=status, ready=status in {"ready", "degraded"})
