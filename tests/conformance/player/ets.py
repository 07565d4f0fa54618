"""Operations on tables. Positions count from 1 in a scenario, as in Erlang, and from 0 in otp_mini."""

from __future__ import annotations

from typing import Any

import otp_mini as otp

from .links import LinkOps, bound_to
from .registry import guard, pattern
from .terms import Json, Term
from .world import Op


class EtsOps(LinkOps):
    """The operations `ets_new` and `ets`."""

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.tables: dict[str, Any] = {}

    async def op_ets_new(self, op: Op) -> Json:
        options: dict[str, Any] = {"keypos": op.get("keypos", 1) - 1}
        if "heir" in op:
            heir, data = op["heir"]
            options["heir"] = (self.world.pid(heir), self.world.decode(data))
        name, access = op["tab"], op.get("access", "protected")
        table = otp.ets.new(name, type=op["type"], access=access, named=op["named"], **options)
        self.tables[name] = table
        if not isinstance(table, str):
            self.world.names[table] = name
        return "ok"

    async def op_ets(self, op: Op) -> Json:
        table, function = bound_to(self.tables, op["tab"]), op["f"]
        arguments = op.get("args", [])
        special = getattr(self, f"ets_{function}", None)
        if special is not None:
            return self.world.encode(special(table, *arguments))
        decoded = [self.world.decode(argument) for argument in arguments]
        return self.world.encode(getattr(otp.ets, function)(table, *decoded))

    # Those whose arguments are not simply terms.

    def ets_insert(self, table: Any, objects: Json) -> Term:
        return otp.ets.insert(table, [self.world.decode(each) for each in objects])

    def ets_insert_new(self, table: Any, objects: Json) -> Term:
        return otp.ets.insert_new(table, [self.world.decode(each) for each in objects])

    def ets_match(self, table: Any, wanted: Json) -> Term:
        return otp.ets.match(table, pattern(self.world.decode(wanted)))

    def ets_match_object(self, table: Any, wanted: Json) -> Term:
        return otp.ets.match_object(table, pattern(self.world.decode(wanted)))

    def ets_select_count(self, table: Any, wanted: Json, said: Json) -> Term:
        return otp.ets.select_count(table, pattern(self.world.decode(wanted)), guard(said))

    def ets_select_delete(self, table: Any, wanted: Json, said: Json) -> Term:
        return otp.ets.select_delete(table, pattern(self.world.decode(wanted)), guard(said))

    def ets_lookup_element(self, table: Any, key: Json, position: Json) -> Term:
        return otp.ets.lookup_element(table, self.world.decode(key), position - 1)

    def ets_update_element(self, table: Any, key: Json, change: Json) -> Term:
        return otp.ets.update_element(table, self.world.decode(key), counted_from_0(self.world.decode(change)))

    def ets_update_counter(self, table: Any, key: Json, steps: Json, *default: Json) -> Term:
        objects = [self.world.decode(each) for each in default]
        return otp.ets.update_counter(table, self.world.decode(key), counted_from_0(self.world.decode(steps)), *objects)

    def ets_give_away(self, table: Any, to: str, data: Json) -> Term:
        return otp.ets.give_away(table, self.world.pid(to), self.world.decode(data))

    def ets_set_heir(self, table: Any, to: str, *data: Json) -> Term:
        heir = (self.world.pid(to), self.world.decode(data[0])) if data else None
        return otp.ets.setopts(table, heir=heir)

    def ets_info(self, table: Any, item: str) -> Term:
        value = otp.ets.info(table, item)
        return value + 1 if item == "keypos" and isinstance(value, int) else value

    def ets_whereis(self, table: Any) -> Term:
        return otp.ets.info(table) is not None


def counted_from_0(steps: Term) -> Term:
    """Take one from each position in the operations of update_counter and update_element."""
    match steps:
        case list():
            return [counted_from_0(each) for each in steps]
        case (int(position), *rest):
            return (position - 1, *rest)
    return steps
