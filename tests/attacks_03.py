"""Attacks on the checks of chapter 03, GenServer basics."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from attacks import Table

from otp_mini import (
    Continue,
    Exit,
    ExitSignal,
    GenServer,
    NoReply,
    Ok,
    Process,
    Reply,
    Stop,
    Task,
    Timeout,
    current_node,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    sys_,
)
from otp_mini.exercises import genserver_basics as ex

table = Table()


class ForgetfulTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        return Reply(total + request[1], total) if request != "total" else Reply(total, total)


class SilentTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        return Reply("ok", total + request[1]) if request != "total" else Reply(total, total)


class FallThroughTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        match request:
            case ("count", n):
                Reply(total + n, total + n)


class SelfishTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        self.total = total + request[1]
        return Reply(self.total, self.total)


class SwappedTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        return Reply(total + request[1], total + request[1]) if request != "total" else Reply(total, 0)


class NoBoard(GenServer):
    @staticmethod
    def pin(board: Any, note: str) -> Any:
        return GenServer.cast(board, ("pin", note))

    @staticmethod
    async def notes(board: Any) -> Any:
        return await GenServer.call(board, "notes")

    def handle_cast(self, request: Any, notes: Any) -> Any:
        match request:
            case ("pin", note):
                return self.pinned(note, notes)

    def pinned(self, note: Any, notes: Any) -> Any:
        return NoReply(notes + [note])

    def handle_call(self, request: Any, from_: Any, notes: Any) -> Any:
        return Reply(notes, notes)


class WaitingBoard(NoBoard):
    @staticmethod
    async def pin(board: Any, note: str) -> Any:
        return await GenServer.call(board, ("pin", note))


class LatestFirstBoard(NoBoard):
    def pinned(self, note: Any, notes: Any) -> Any:
        return NoReply([note, *notes])


class LosingBoard(NoBoard):
    def pinned(self, note: Any, notes: Any) -> Any:
        return NoReply([note])


class UnreturnedBoard(NoBoard):
    @staticmethod
    async def notes(board: Any) -> Any:
        await GenServer.call(board, "notes")


class UnawaitedBoard(NoBoard):
    @staticmethod
    async def notes(board: Any) -> Any:
        GenServer.call(board, "notes")


class OnceSprinkler(GenServer):
    def init(self, every: Any) -> Any:
        Process.send_after(self_(), "water", every)
        return Ok((every, 0))

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply((state[0], state[1] + 1))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state[1], state)


class TwiceSprinkler(OnceSprinkler):
    def handle_info(self, message: Any, state: Any) -> Any:
        for _ in range(2):
            Process.send_after(self_(), "water", state[0])
        return NoReply((state[0], state[1] + 1))


class TimeoutSprinkler(OnceSprinkler):
    def init(self, every: Any) -> Any:
        return Ok((every, 0), Timeout(every))

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply((state[0], state[1] + 1), Timeout(state[0]))


class EagerSprinkler(OnceSprinkler):
    def init(self, every: Any) -> Any:
        send(self_(), "water")
        return Ok((every, 0))


class LoopingSprinkler(OnceSprinkler):
    async def init(self, every: Any) -> Any:
        while True:
            await Process.sleep(every)


class BusySprinkler(OnceSprinkler):
    def handle_info(self, message: Any, state: Any) -> Any:
        send(self_(), "water")
        return NoReply(state)


class HastySprinkler(OnceSprinkler):
    def handle_info(self, message: Any, state: Any) -> Any:
        Process.send_after(self_(), "water", 0.0)
        return NoReply(state)


class SlowStartOven(GenServer):
    async def init(self, minutes: Any) -> Any:
        await Process.sleep(minutes * 60.0)
        return Ok(220)

    def handle_call(self, request: Any, from_: Any, celsius: Any) -> Any:
        return Reply(celsius, celsius)


class TimerOven(SlowStartOven):
    def init(self, minutes: Any) -> Any:
        Process.send_after(self_(), "hot", minutes * 60.0)
        return Ok(20)

    def handle_info(self, message: Any, celsius: Any) -> Any:
        return NoReply(220)


class CheatingOven(SlowStartOven):
    def init(self, minutes: Any) -> Any:
        return Ok(220)


class HalfOven(SlowStartOven):
    def init(self, minutes: Any) -> Any:
        return Ok(20, Continue(minutes))


class CrashingDoorbell(GenServer):
    def handle_info(self, message: Any, rings: Any) -> Any:
        match message:
            case "ring":
                return NoReply(rings + 1)

    def handle_call(self, request: Any, from_: Any, rings: Any) -> Any:
        return Reply(rings, rings)


class StoppingDoorbell(CrashingDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        return NoReply(rings + 1) if message == "ring" else Stop("normal", rings)


class DeafDoorbell(CrashingDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        return NoReply(rings)


class CountingDoorbell(CrashingDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        return NoReply(rings + 1)


class ResettingDoorbell(CrashingDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        return NoReply(rings + 1) if message == "ring" else NoReply(0)


class OpenValve(GenServer):
    def init(self, pipe: Any) -> Any:
        send(pipe, "opened")
        return Ok(pipe)

    def terminate(self, reason: object, pipe: Any) -> None:
        send(pipe, "closed")


class LateValve(OpenValve):
    def terminate(self, reason: object, pipe: Any) -> None:
        Process.flag(trap_exit=True)
        super().terminate(reason, pipe)


class ListeningValve(OpenValve):
    def handle_info(self, message: Any, pipe: Any) -> Any:
        match message:
            case ExitSignal(_, reason):
                send(pipe, "closed")
                return Stop(reason, pipe)
        return NoReply(pipe)


class DoubleValve(OpenValve):
    def init(self, pipe: Any) -> Any:
        Process.flag(trap_exit=True)
        return super().init(pipe)

    def terminate(self, reason: object, pipe: Any) -> None:
        super().terminate(reason, pipe)
        if reason != "normal":
            super().terminate(reason, pipe)


class UntidyValve(OpenValve):
    def terminate(self, reason: object, pipe: Any) -> None:
        pass


class BlockingDesk(GenServer):
    def init(self, _: Any) -> Any:
        return Ok([])

    @staticmethod
    def put(desk: Any, parcel: Any) -> Any:
        return GenServer.cast(desk, ("put", parcel))

    @staticmethod
    async def take(desk: Any) -> Any:
        return await GenServer.call(desk, "take", timeout=None)

    async def handle_call(self, request: Any, from_: Any, parcels: Any) -> Any:
        while not parcels:
            await Process.sleep(1.0)
        return Reply(parcels[0], parcels[1:])

    def handle_cast(self, request: Any, state: Any) -> Any:
        match request:
            case ("put", parcel):
                return self.kept(parcel, state)

    def kept(self, parcel: Any, parcels: Any) -> Any:
        return NoReply(parcels + [parcel])


class EmptyHandedDesk(BlockingDesk):
    def handle_call(self, request: Any, from_: Any, parcels: Any) -> Any:
        return Reply(parcels[0], parcels[1:]) if parcels else Reply(None, [])


class LastInDesk(BlockingDesk):
    def kept(self, parcel: Any, parcels: Any) -> Any:
        return NoReply([parcel, *parcels])


class QueueingDesk(BlockingDesk):
    """Right but for what the classes below change."""

    def init(self, _: Any) -> Any:
        return Ok(([], []))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request, state:
            case "take", ([first, *rest], couriers):
                return Reply(first, (rest, couriers))
            case "take", (_, couriers):
                return NoReply(([], couriers + [from_]))

    def kept(self, parcel: Any, state: Any) -> Any:
        match state:
            case (parcels, []):
                return NoReply((parcels + [parcel], []))
            case (_, [first, *rest]):
                GenServer.reply(first, parcel)
                return NoReply(([], rest))


class ImpatientDesk(QueueingDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        return await GenServer.call(desk, "take")


class EverybodyDesk(QueueingDesk):
    def kept(self, parcel: Any, state: Any) -> Any:
        for courier in state[1]:
            GenServer.reply(courier, parcel)
        return NoReply(([], [])) if state[1] else NoReply((state[0] + [parcel], []))


class UnfairDesk(QueueingDesk):
    def kept(self, parcel: Any, state: Any) -> Any:
        return super().kept(parcel, (state[0], state[1][::-1]))


# ---- what passed once -------------------------------------------------------------------------------------

TOTAL = {"museum": 0}


class GlobalTally(GenServer):
    def init(self, first: Any) -> Any:
        TOTAL["museum"] = first
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("count", n):
                TOTAL["museum"] += n
        return Reply(TOTAL["museum"], state)


class LenientTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        match request:
            case ("count", n):
                return Reply(total + n, total + n)
            case _:
                return Reply(total, total)


class KnowingTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        answers = {("count", 2): 2, ("count", 3): 5, "total": 5}
        return Reply(answers[request], total)


class ZeroTally(LenientTally):
    """Forgets the number that it was started with."""

    def init(self, first: Any) -> Any:
        return Ok(0)


class GoodTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        match request:
            case ("count", n):
                return Reply(total + n, total + n)
            case "total":
                return Reply(total, total)


class PairTally(GenServer):
    def init(self, first: Any) -> Any:
        return Ok({"total": first, "asked": 0})

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("count", n):
                total = state["total"] + n
                GenServer.reply(from_, total)
                return NoReply(state | {"total": total})
            case "total":
                return Reply(float(state["total"]), state | {"asked": state["asked"] + 1})


class GoodBoard(NoBoard):
    def handle_call(self, request: Any, from_: Any, notes: Any) -> Any:
        match request:
            case "notes":
                return Reply(notes, notes)


class DictBoard(GenServer):
    """Pins with a plain message, keeps its notes newest first, and turns them round for whoever reads."""

    def init(self, _: Any) -> Any:
        return Ok({"notes": ()})

    @staticmethod
    async def pin(board: Any, note: str) -> Any:
        send(board, ("pin", note))

    @staticmethod
    def notes(board: Any) -> Any:
        return GenServer.call(board, ("get", "notes"))

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("pin", note):
                return NoReply({"notes": (note, *state["notes"])})
        return NoReply(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("get", "notes"):
                return Reply(list(reversed(state["notes"])), state)


class LenientBoard(NoBoard):
    pass


class EmptiedBoard(GoodBoard):
    def handle_call(self, request: Any, from_: Any, notes: Any) -> Any:
        match request:
            case "notes":
                return Reply(notes, [])


class ClassBoard(GoodBoard):
    kept: list[str] = []  # noqa: RUF012

    @staticmethod
    def pin(board: Any, note: str) -> Any:
        ClassBoard.kept.append(note)

    @staticmethod
    async def notes(board: Any) -> Any:
        return list(ClassBoard.kept)


class SharedBoard(GoodBoard):
    """Goes through the server, and keeps the notes beside it all the same."""

    kept: dict[str, list[str]] = {}  # noqa: RUF012

    def init(self, _: Any) -> Any:
        SharedBoard.kept["notes"] = []
        return Ok(None)

    def pinned(self, note: Any, state: Any) -> Any:
        SharedBoard.kept["notes"].append(note)
        return NoReply(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "notes":
                return Reply(SharedBoard.kept["notes"], state)


class SpawningBoard(GoodBoard):
    @staticmethod
    def pin(board: Any, note: str) -> Any:
        async def caller() -> None:
            await GenServer.call(board, ("pin", note))

        spawn(caller)

    def handle_call(self, request: Any, from_: Any, notes: Any) -> Any:
        match request:
            case ("pin", note):
                return Reply("ok", notes + [note])
            case "notes":
                return Reply(notes, notes)


class HastyBoard(SpawningBoard):
    @staticmethod
    async def pin(board: Any, note: str) -> Any:
        with suppress(Exit):
            await GenServer.call(board, ("pin", note), timeout=0)


class PeekingBoard(GoodBoard):
    @staticmethod
    async def notes(board: Any) -> Any:
        return await sys_.get_state(board)


class CoroutineBoard(GoodBoard):
    @staticmethod
    async def notes(board: Any) -> Any:
        return GenServer.call(board, "notes")


class KnowingBoard(GoodBoard):
    def handle_call(self, request: Any, from_: Any, notes: Any) -> Any:
        match request:
            case "notes":
                return Reply(["lost: one glove", "choir at six"], notes)


class GoodSprinkler(OnceSprinkler):
    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case "water":
                Process.send_after(self_(), "water", state[0])
                return NoReply((state[0], state[1] + 1))
            case _:
                return NoReply(state)


class PlannedSprinkler(GoodSprinkler):
    """Keeps a dict, and plans each tick from the one before."""

    def init(self, every: Any) -> Any:
        Process.send_after(self_(), ("tick", 1), every)
        return Ok({"every": every, "began": current_node().now(), "times": 0})

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("tick", int(n)) if n == state["times"] + 1:
                due = state["began"] + (n + 1) * state["every"]
                Process.send_after(self_(), ("tick", n + 1), due - current_node().now())
                return NoReply(state | {"times": n})
        return NoReply(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state["times"], state)


class TrustingSprinkler(GoodSprinkler):
    def handle_info(self, message: Any, state: Any) -> Any:
        Process.send_after(self_(), "water", state[0])
        return NoReply((state[0], state[1] + 1))


class RearmingSprinkler(GoodSprinkler):
    def handle_info(self, message: Any, state: Any) -> Any:
        Process.send_after(self_(), "water", state[0])
        return NoReply((state[0], state[1] + (message == "water")))


class FragileSprinkler(GoodSprinkler):
    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case "water":
                return super().handle_info(message, state)


class FromOneSprinkler(GoodSprinkler):
    def init(self, every: Any) -> Any:
        Process.send_after(self_(), "water", every)
        return Ok((every, 1))


class MillisecondSprinkler(GoodSprinkler):
    def init(self, every: Any) -> Any:
        Process.send_after(self_(), "water", every * 1000)
        return Ok((every, 0))

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case "water":
                Process.send_after(self_(), "water", state[0] * 1000)
                return NoReply((state[0], state[1] + 1))
        return NoReply(state)


class MinuteSprinkler(GoodSprinkler):
    def init(self, every: Any) -> Any:
        Process.send_after(self_(), "water", 60.0)
        return Ok((60.0, 0))


async def heat(minutes: float) -> float:
    """As in the chapter."""
    await Process.sleep(minutes * 60.0)
    return 20 + 50 * minutes


class GoodOven(SlowStartOven):
    def init(self, minutes: Any) -> Any:
        return Ok(None, Continue(minutes))

    async def handle_continue(self, minutes: Any, state: Any) -> Any:
        return NoReply(await heat(minutes))


class TicketOven(GoodOven):
    """Heats in a process of its own, and keeps whoever asks waiting meanwhile."""

    def init(self, minutes: Any) -> Any:
        async def fire(home: Any) -> None:
            send(home, ("hot", await heat(minutes)))

        spawn(fire, self_())
        return Ok((None, []))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        celsius, waiting = state
        return NoReply((None, [*waiting, from_])) if celsius is None else Reply(celsius, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        for ticket in state[1]:
            GenServer.reply(ticket, message[1])
        return NoReply((message[1], []))


class ConstantOven(GoodOven):
    async def handle_continue(self, minutes: Any, state: Any) -> Any:
        await heat(minutes)
        return NoReply(220)


class CopyingOven(GoodOven):
    """Does what the lines of `heat` do, and does not call it."""

    async def handle_continue(self, minutes: Any, state: Any) -> Any:
        await Process.sleep(minutes * 60.0)
        return NoReply(20 + 50 * minutes)


class TaskOven(GoodOven):
    """Heats in a task, and answers when it has the result."""

    async def handle_continue(self, minutes: Any, state: Any) -> Any:
        return NoReply(await Task.await_(Task.async_(heat, minutes), timeout=None))


class DiscardingOven(GoodOven):
    async def handle_continue(self, minutes: Any, state: Any) -> Any:
        await heat(minutes)
        return NoReply(state)


class LazyOven(GoodOven):
    def init(self, minutes: Any) -> Any:
        return Ok(("cold", minutes))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if isinstance(state, tuple):
            state = await heat(state[1])
        return Reply(state, state)


class ReheatingOven(GoodOven):
    def init(self, minutes: Any) -> Any:
        return Ok(minutes)

    async def handle_call(self, request: Any, from_: Any, minutes: Any) -> Any:
        return Reply(await heat(minutes), minutes)


class UnawaitedOven(GoodOven):
    async def handle_continue(self, minutes: Any, state: Any) -> Any:
        heat(minutes)
        return NoReply(220)


class GoodDoorbell(CrashingDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        return NoReply(rings + 1) if message == "ring" else NoReply(rings)


class LoggingDoorbell(CrashingDoorbell):
    """Leaves what it does not know to the inherited callback, which writes it to the log."""

    def handle_info(self, message: Any, rings: Any) -> Any:
        match message:
            case "ring":
                return NoReply(rings + 1)
        return GenServer.handle_info(self, message, rings)


class StringDoorbell(CrashingDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        match message:
            case str():
                return NoReply(rings + 1)
            case _:
                return NoReply(rings)


class TupleDoorbell(CrashingDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        match message:
            case ("battery", _):
                return NoReply(rings)
            case "ring":
                return NoReply(rings + 1)


class ContainingDoorbell(CrashingDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        return NoReply(rings + ("ring" in str(message)))


class GoodValve(OpenValve):
    def init(self, pipe: Any) -> Any:
        Process.flag(trap_exit=True)
        return super().init(pipe)


class LinkedValve(OpenValve):
    """Traps exits a little later, before anything else can come."""

    def init(self, pipe: Any) -> Any:
        send(pipe, "opened")
        return Ok(pipe, Continue("trap"))

    def handle_continue(self, work: Any, pipe: Any) -> Any:
        Process.flag(trap_exit=True)
        return NoReply(pipe)


class AtOnceValve(OpenValve):
    def init(self, pipe: Any) -> Any:
        send(pipe, "opened")
        send(pipe, "closed")
        return Ok(pipe)

    def terminate(self, reason: object, pipe: Any) -> None:
        pass


class TimedValve(OpenValve):
    """Knows how long its owner lives."""

    def init(self, pipe: Any) -> Any:
        timer = Process.send_after(self_(), "close", 4.0)
        send(pipe, "opened")
        return Ok((pipe, timer))

    def handle_info(self, message: Any, state: Any) -> Any:
        if message != "close":
            return NoReply(state)
        send(state[0], "closed")
        return Stop("normal", (None, None))

    def terminate(self, reason: object, state: Any) -> None:
        if state[0] is not None:
            send(state[0], "closed")


class PickyValve(GoodValve):
    def terminate(self, reason: object, pipe: Any) -> None:
        if reason in ("normal", "shutdown"):
            super().terminate(reason, pipe)


class PatientDesk(QueueingDesk):
    """Keeps couriers and parcels in one list."""

    def init(self, _: Any) -> Any:
        return Ok([])

    def handle_call(self, request: Any, from_: Any, line: Any) -> Any:
        if request != "take":
            raise ValueError(request)
        if line and line[0][0] == "parcel":
            return Reply(line[0][1], line[1:])
        return NoReply([*line, ("courier", from_)])

    def kept(self, parcel: Any, line: Any) -> Any:
        if line and line[0][0] == "courier":
            GenServer.reply(line[0][1], parcel)
            return NoReply(line[1:])
        return NoReply([*line, ("parcel", parcel)])


class KeepingDesk(QueueingDesk):
    def kept(self, parcel: Any, state: Any) -> Any:
        parcels, couriers = state
        if couriers:
            GenServer.reply(couriers[0], parcel)
        return NoReply((parcels + [parcel], couriers[1:]))


class CopyingDesk(QueueingDesk):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        parcels, couriers = state
        return Reply(parcels[0], state) if parcels else NoReply((parcels, [*couriers, from_]))


class PollingDesk(EmptyHandedDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        while (parcel := await GenServer.call(desk, "take")) is None:
            await Process.sleep(1.0)
        return parcel


class RetryingDesk(QueueingDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        while True:
            try:
                return await GenServer.call(desk, "take")
            except Exit:
                pass


class CallingDesk(QueueingDesk):
    @staticmethod
    async def put(desk: Any, parcel: Any) -> Any:
        return await GenServer.call(desk, ("put", parcel), timeout=None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("put", parcel):
                state = self.kept(parcel, state).state
                return Reply("ok", state)
        return super().handle_call(request, from_, state)


class CoroutineDesk(QueueingDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        return GenServer.call(desk, "take", timeout=None)


class KnowingDesk(QueueingDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        parcel = await GenServer.call(desk, "take", timeout=None)
        return {"red": "red", "blue": "blue"}.get(parcel, "red")


# ---- what a second reader got through, or was told something else about ------------------------------------


class ElseTally(GenServer):
    """Takes whatever is not "total" for a count."""

    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        if request == "total":
            return Reply(total, total)
        return Reply(total + request[1], total + request[1])


class EarlyTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        total = total if request == "total" else total + request[1]
        GenServer.reply(from_, total)
        return NoReply(total)


class NothingTally(GoodTally):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        return super().handle_call(request, from_, total) or Reply(None, total)


class OnceTally(GenServer):
    """Takes the same count twice in a row for one that was sent twice."""

    def init(self, first: Any) -> Any:
        return Ok((first, None))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        total, last = state
        match request:
            case ("count", n):
                total += 0 if n == last else n
                return Reply(total, (total, n))
            case "total":
                return Reply(total, state)


class RaisingTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        if request == "total":
            pass
        elif isinstance(request, tuple) and request[0] == "count":
            total += request[1]
        else:
            raise ValueError(f"unknown request: {request!r}")
        return Reply(total, total)


class StoppingTally(GenServer):
    """Keeps its state in a dict, replies early, and stops of what it does not know."""

    def init(self, first: Any) -> Any:
        return Ok({"total": first})

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("count", n):
                GenServer.reply(from_, state["total"] + n)
                return NoReply({"total": state["total"] + n})
            case "total":
                return Reply(state["total"], state)
            case _:
                return Stop(("unknown request", request), state)


class SecondPartBoard(GoodBoard):
    def handle_cast(self, request: Any, notes: Any) -> Any:
        match request:
            case (_, note):
                return NoReply(notes + [note])


class IndexBoard(GoodBoard):
    def handle_cast(self, request: Any, notes: Any) -> Any:
        return NoReply(notes + [request[1]])


class BareBoard(GoodBoard):
    @staticmethod
    def pin(board: Any, note: str) -> Any:
        return GenServer.cast(board, note)

    def handle_cast(self, note: Any, notes: Any) -> Any:
        return NoReply(notes + [note])


class BareMessageBoard(GoodBoard):
    @staticmethod
    def pin(board: Any, note: str) -> Any:
        send(board, note)

    def handle_info(self, note: Any, notes: Any) -> Any:
        return NoReply(notes + [note])


class TruthyBoard(GoodBoard):
    def pinned(self, note: Any, notes: Any) -> Any:
        return NoReply(notes + [note] if note else notes)


class FiveBoard(GoodBoard):
    def pinned(self, note: Any, notes: Any) -> Any:
        return NoReply((notes + [note])[-5:])


class MergingBoard(GoodBoard):
    def pinned(self, note: Any, notes: Any) -> Any:
        return NoReply(notes if note in notes else notes + [note])


class OverlookingBoard(GoodBoard):
    """Passes over a cast that it does not know, and appends in place."""

    def handle_cast(self, request: Any, notes: Any) -> Any:
        match request:
            case ("pin", note):
                notes.append(note)
        return NoReply(notes)


class ClassOven(GoodOven):
    degrees: float | None = None

    async def handle_continue(self, minutes: Any, state: Any) -> Any:
        ClassOven.degrees = await heat(minutes)
        return NoReply(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(ClassOven.degrees, state)


class ThreeMinuteOven(GoodOven):
    async def handle_continue(self, minutes: Any, state: Any) -> Any:
        return NoReply(await heat(3))


class TwiceHeatedOven(GoodOven):
    async def handle_continue(self, minutes: Any, state: Any) -> Any:
        await heat(minutes)
        return NoReply(await heat(minutes))


class StringSprinkler(GoodSprinkler):
    def handle_info(self, message: Any, state: Any) -> Any:
        return super().handle_info("water", state) if isinstance(message, str) else NoReply(state)


class FiftySprinkler(OnceSprinkler):
    """Sets its first fifty timers at the start, and no more."""

    def init(self, every: Any) -> Any:
        for number in range(1, 51):
            Process.send_after(self_(), "water", every * number)
        return Ok((every, 0))

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply((state[0], state[1] + (message == "water")))


class LeftTickerSprinkler(FiftySprinkler):
    start_ticker = staticmethod(spawn)

    def init(self, every: Any) -> Any:
        async def tick(home: Any) -> None:
            while True:
                await Process.sleep(every)
                send(home, "water")

        self.start_ticker(tick, self_())
        return Ok((every, 0))


class LinkedTickerSprinkler(LeftTickerSprinkler):
    start_ticker = staticmethod(spawn_link)


class SleepingSprinkler(OnceSprinkler):
    def init(self, every: Any) -> Any:
        return Ok((every, 0), Continue("water"))

    async def handle_continue(self, work: Any, state: Any) -> Any:
        await Process.sleep(state[0])
        return NoReply((state[0], state[1] + 1), Continue("water"))


class ClassSprinkler(GoodSprinkler):
    times = 0

    def init(self, every: Any) -> Any:
        ClassSprinkler.times = 0
        return super().init(every)

    def handle_info(self, message: Any, state: Any) -> Any:
        ClassSprinkler.times += message == "water"
        return super().handle_info(message, state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(ClassSprinkler.times, state)


class PeriodSprinkler(GoodSprinkler):
    """The period of whichever sprinkler was started last."""

    period = 0.0

    def init(self, every: Any) -> Any:
        PeriodSprinkler.period = every
        return super().init(every)

    def handle_info(self, message: Any, state: Any) -> Any:
        return super().handle_info(message, (PeriodSprinkler.period, state[1]))


class RefSprinkler(GoodSprinkler):
    """Its tick carries a ref that nobody else has."""

    def init(self, every: Any) -> Any:
        tick = ("water", current_node().make_ref())
        Process.send_after(self_(), tick, every)
        return Ok((every, 0, tick))

    def handle_info(self, message: Any, state: Any) -> Any:
        every, times, tick = state
        if message != tick:
            return NoReply(state)
        Process.send_after(self_(), tick, every)
        return NoReply((every, times + 1, tick))


class TickSprinkler(GoodSprinkler):
    """Its tick has the name that the chapter's sampler uses, and the check sends as a stray."""

    def init(self, every: Any) -> Any:
        Process.send_after(self_(), "tick", every)
        return Ok((every, 0))

    def handle_info(self, message: Any, state: Any) -> Any:
        if message != "tick":
            return NoReply(state)
        Process.send_after(self_(), "tick", state[0])
        return NoReply((state[0], state[1] + 1))


class ClassDoorbell(CrashingDoorbell):
    rung = 0

    def init(self, first: Any) -> Any:
        ClassDoorbell.rung = 0
        return Ok(first)

    def handle_info(self, message: Any, rings: Any) -> Any:
        ClassDoorbell.rung += message == "ring"
        return NoReply(ClassDoorbell.rung)


class TimidValve(GoodValve):
    def handle_info(self, message: Any, pipe: Any) -> Any:
        return Stop("normal", pipe)


class SympatheticValve(GoodValve):
    def handle_info(self, message: Any, pipe: Any) -> Any:
        return Stop("normal", pipe) if isinstance(message, ExitSignal) else NoReply(pipe)


class TwiceClosedValve(GoodValve):
    def terminate(self, reason: object, pipe: Any) -> None:
        super().terminate(reason, pipe)
        super().terminate(reason, pipe)


class OneForAllValve(GoodValve):
    closed = False

    def init(self, pipe: Any) -> Any:
        OneForAllValve.closed = False
        return super().init(pipe)

    def terminate(self, reason: object, pipe: Any) -> None:
        if not OneForAllValve.closed:
            OneForAllValve.closed = True
            super().terminate(reason, pipe)


class DeafValve(GoodValve):
    """Passes over whatever comes, without a word in the log."""

    def handle_info(self, message: Any, pipe: Any) -> Any:
        return NoReply(pipe)


class GlobalDesk(QueueingDesk):
    parcels: list[Any] = []  # noqa: RUF012
    couriers: list[Any] = []  # noqa: RUF012

    def init(self, _: Any) -> Any:
        self.parcels.clear()
        self.couriers.clear()
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if self.parcels:
            return Reply(self.parcels.pop(0), state)
        self.couriers.append(from_)
        return NoReply(state)

    def kept(self, parcel: Any, state: Any) -> Any:
        if self.couriers:
            GenServer.reply(self.couriers.pop(0), parcel)
        else:
            self.parcels.append(parcel)
        return NoReply(state)


class TruthyDesk(QueueingDesk):
    def kept(self, parcel: Any, state: Any) -> Any:
        return super().kept(parcel, state) if parcel else NoReply(state)


class TruthyHandoverDesk(QueueingDesk):
    """Keeps a parcel that counts as false, and does not give it to whoever waits."""

    def kept(self, parcel: Any, state: Any) -> Any:
        return super().kept(parcel, state) if parcel or not state[1] else NoReply(state)


class UnaskingDesk(QueueingDesk):
    def handle_cast(self, request: Any, state: Any) -> Any:
        return self.kept(request[-1], state)


class BareDesk(QueueingDesk):
    @staticmethod
    def put(desk: Any, parcel: Any) -> Any:
        return GenServer.cast(desk, parcel)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return self.kept(request, state)


class CarelessDesk(QueueingDesk):
    """Asks for the name of the request only while nobody waits."""

    def handle_cast(self, request: Any, state: Any) -> Any:
        match request:
            case (_, parcel) if state[1]:
                return self.kept(parcel, state)
        return super().handle_cast(request, state)


class MinutesDesk(QueueingDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        return await GenServer.call(desk, "take", timeout=100.0)


class HourDesk(QueueingDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        return await GenServer.call(desk, "take", timeout=3599.0)


class DayDesk(QueueingDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        return await GenServer.call(desk, "take", timeout=1e5)


class SlowlyRetryingDesk(QueueingDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        while True:
            with suppress(Exit):
                return await GenServer.call(desk, "take", timeout=1e4)


class ForgetfulDesk(QueueingDesk):
    def kept(self, parcel: Any, state: Any) -> Any:
        return super().kept(parcel, state) if state[1] else NoReply(state)


class MergingDesk(QueueingDesk):
    def kept(self, parcel: Any, state: Any) -> Any:
        return NoReply(state) if parcel in state[0] else super().kept(parcel, state)


class MessageDesk(QueueingDesk):
    """Puts and takes with plain messages and casts, and passes over all else."""

    @staticmethod
    def put(desk: Any, parcel: Any) -> Any:
        send(desk, ("put", parcel))

    @staticmethod
    async def take(desk: Any) -> Any:
        ref = current_node().make_ref()
        GenServer.cast(desk, ("want", self_(), ref))
        _, parcel = await receive(lambda message: message[0] == ref)
        return parcel

    def handle_cast(self, request: Any, state: Any) -> Any:
        match request, state:
            case ("want", pid, ref), ([first, *rest], couriers):
                send(pid, (ref, first))
                return NoReply((rest, couriers))
            case ("want", pid, ref), (_, couriers):
                return NoReply(([], [*couriers, (pid, ref)]))
        return NoReply(state)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message, state:
            case ("put", parcel), (parcels, []):
                return NoReply(([*parcels, parcel], []))
            case ("put", parcel), (_, [(pid, ref), *rest]):
                send(pid, (ref, parcel))
                return NoReply(([], rest))
        return NoReply(state)


table.wrong(ex.tally, "forgetful tally", ForgetfulTally, "[2, 3]", "what the next callback gets as its state")
table.wrong(ex.tally, "silent tally", SilentTally, "['ok', 'ok']", "which value goes to the caller")
table.wrong(
    ex.tally,
    "fall through tally",
    FallThroughTally,
    "a callback returned None",
    "each way through it must end in a `return`",
)
table.wrong(ex.tally, "selfish tally", SelfishTally, "SelfishTally.total cannot be set", "An exception in a callback")
table.wrong(ex.tally, "swapped tally", SwappedTally, "[5, 0]", "To ask for the total leaves the state as it is")
table.wrong(ex.board, "waiting board", WaitingBoard, "`pin` waited for 5 seconds", "needs an answer")
table.wrong(
    ex.board,
    "latest first board",
    LatestFirstBoard,
    "['choir at six', 'lost: one glove']",
    "the oldest note comes first",
)
table.wrong(ex.board, "losing board", LosingBoard, "['choir at six']", "what `handle_cast` returns")
table.wrong(ex.board, "unreturned board", UnreturnedBoard, "None", "it has to wait for the answer and hand it on")
table.wrong(ex.board, "unawaited board", UnawaitedBoard, "coroutine 'GenServer.call' was never awaited", "`await`")
table.wrong(ex.sprinkler, "once sprinkler", OnceSprinkler, "1", "Who sets the next one?")
table.wrong(ex.sprinkler, "twice sprinkler", TwiceSprinkler, "3", "how many timers run at the same time")
table.wrong(ex.sprinkler, "timeout sprinkler", TimeoutSprinkler, "0", "as it does with Timeout")
table.wrong(ex.sprinkler, "eager sprinkler", EagerSprinkler, "1", "when the first is due")
table.wrong(
    ex.sprinkler, "looping sprinkler", LoopingSprinkler, "nothing came for 7200 virtual seconds", "who waits for whom"
)
table.wrong(ex.sprinkler, "busy sprinkler", BusySprinkler, "more than 40,000 messages", "without a pause")
table.wrong(ex.sprinkler, "hasty sprinkler", HastySprinkler, "the run took more than 30000 turns", "without a pause")
table.wrong(
    ex.oven, "slow start oven", SlowStartOven, "it took 240 s", "Whoever starts a server waits until `init` is over"
)
table.wrong(ex.oven, "timer oven", TimerOven, "20", "what runs first once `init` is over")
table.wrong(ex.oven, "cheating oven", CheatingOven, "after 0 s", "whether it really heats")
table.wrong(ex.oven, "half oven", HalfOven, "it has no handle_continue", "An exception in a callback")
table.wrong(
    ex.doorbell,
    "crashing doorbell",
    CrashingDoorbell,
    "a callback returned None",
    "A `match` without a fitting `case` returns None",
)
table.wrong(ex.doorbell, "stopping doorbell", StoppingDoorbell, "the server stopped", "Who would ring then?")
table.wrong(ex.doorbell, "deaf doorbell", DeafDoorbell, "0", "the order of the cases")
table.wrong(ex.doorbell, "counting doorbell", CountingDoorbell, "3", "what an unknown message does to the count")
table.wrong(ex.doorbell, "resetting doorbell", ResettingDoorbell, "1", "it is the one from before")
table.wrong(ex.valve, "open valve", OpenValve, "[]", "what an exit signal does")
table.wrong(ex.valve, "late valve", LateValve, "[]", "what an exit signal does")
table.wrong(ex.valve, "listening valve", ListeningValve, "[]", "what an exit signal does")
table.wrong(ex.valve, "double valve", DoubleValve, "['closed', 'closed']", "`terminate` runs once")
table.wrong(ex.valve, "untidy valve", UntidyValve, "[]", "a stop ran it before")
table.wrong(ex.desk, "blocking desk", BlockingDesk, "'nothing'", "what the desk does while a courier waits")
table.wrong(ex.desk, "empty handed desk", EmptyHandedDesk, "(0, None)", "nothing yet")
table.wrong(ex.desk, "last in desk", LastInDesk, "['blue', 'red']", "the one put first is taken first")
table.wrong(ex.desk, "impatient desk", ImpatientDesk, "'gave up'", "a call has a time-out of its own")
table.wrong(ex.desk, "everybody desk", EverybodyDesk, "(1, 'red')", "they go on waiting")
table.wrong(ex.desk, "unfair desk", UnfairDesk, "(1, 'red')", "whoever came first")

table.wrong(ex.tally, "keeps the total in a global", GlobalTally, "A global of Python")
table.wrong(ex.tally, "answers whatever is asked", LenientTally, "it was answered, with 0", "a mistake of its caller")
table.wrong(
    ex.tally, "begins at nought whatever it is told", ZeroTally, "[2, 3, 6]", "the argument of `start`: it is not used"
)
table.hard_coded(ex.tally, "knows the shown totals", KnowingTally, "KeyError")
table.right(ex.tally, "is written as in the chapter", GoodTally)
table.right(ex.tally, "keeps a dict, and replies early", PairTally)
table.wrong(ex.board, "answers any call with its notes", LenientBoard, "An unknown call is a mistake of its caller")
table.wrong(ex.board, "is empty once it is read", EmptiedBoard, "To read the board leaves the notes where they are")
table.wrong(ex.board, "keeps the notes on the class", ClassBoard, "nothing was sent", "the server does not have")
table.wrong(ex.board, "keeps the notes of all boards together", SharedBoard, "in the state of the one board")
table.wrong(ex.board, "spawns a caller for each note", SpawningBoard, "started another process")
table.wrong(ex.board, "calls with no patience at all", HastyBoard, "sent a call", "needs an answer")
table.wrong(ex.board, "reads with sys_.get_state", PeekingBoard, "does not look past them")
table.wrong(ex.board, "forgets an await", CoroutineBoard, "a coroutine, GenServer.call", "`await`")
table.hard_coded(ex.board, "knows the shown notes", KnowingBoard, "in the state of the one board")
table.right(ex.board, "is written as in the chapter", GoodBoard)
table.right(ex.board, "pins with a message, keeps a tuple in a dict", DictBoard)
table.wrong(ex.sprinkler, "takes every message for its tick", TrustingSprinkler, "which message is the tick")
table.wrong(ex.sprinkler, "sets a timer at every message", RearmingSprinkler, "it must not set another one")
table.wrong(ex.sprinkler, "dies of a stray", FragileSprinkler, "the last case of `handle_info`")
table.wrong(ex.sprinkler, "counts from one", FromOneSprinkler, "it has watered 0 times when it starts")
table.wrong(ex.sprinkler, "counts in milliseconds", MillisecondSprinkler, "the unit of the time")
table.hard_coded(ex.sprinkler, "has a period of a minute", MinuteSprinkler, "with another case")
table.right(ex.sprinkler, "is written as in the chapter", GoodSprinkler)
table.right(ex.sprinkler, "plans each tick from the first", PlannedSprinkler)
table.wrong(
    ex.oven, "sleeps as heat does, and does not call it", CopyingOven, "`heat` was exchanged", "who knows how long"
)
table.wrong(ex.oven, "drops what heat answers", DiscardingOven, "what becomes of the answer of `heat`")
table.wrong(ex.oven, "heats when it is asked", LazyOven, "not the first question")
table.wrong(ex.oven, "heats for each that asks", ReheatingOven, "What is hot answers at once")
table.wrong(ex.oven, "forgets to await heat", UnawaitedOven, "coroutine 'heat' was never awaited", "`await`")
table.hard_coded(ex.oven, "is always 220 degrees hot", ConstantOven, "with another case", "the answer of `heat`")
table.right(ex.oven, "is written as in the chapter", GoodOven)
table.right(ex.oven, "heats beside the server and replies later", TicketOven)
table.right(ex.oven, "heats in a task", TaskOven)
table.wrong(ex.doorbell, "takes every string for a ring", StringDoorbell, "'low battery'", "and no other")
table.wrong(ex.doorbell, "takes what holds a ring for one", ContainingDoorbell, "and no other")
table.hard_coded(ex.doorbell, "knows the battery", TupleDoorbell, "returned None", "without a fitting `case`")
table.right(ex.doorbell, "is written as in the chapter", GoodDoorbell)
table.right(ex.doorbell, "logs what it does not know", LoggingDoorbell)
table.wrong(ex.valve, "says at once that it is closed", AtOnceValve, "what `init` tells the pipe")
table.wrong(ex.valve, "closes after the ends it has met", PickyValve, "'a crash'")
table.hard_coded(ex.valve, "knows when its owner ends", TimedValve, "a time that was guessed before")
table.right(ex.valve, "is written as in the chapter", GoodValve)
table.right(ex.valve, "traps exits in its continue", LinkedValve)
table.wrong(ex.desk, "hands a parcel over and keeps it", KeepingDesk, "A parcel that was handed over is gone")
table.wrong(ex.desk, "never lets a parcel go", CopyingDesk, "it leaves the desk")
table.wrong(ex.desk, "polls", PollingDesk, "it asked 64 times", "who speaks first")
table.wrong(ex.desk, "asks again after each time-out", RetryingDesk, "its ticket")
table.wrong(ex.desk, "puts with a call", CallingDesk, "`put` waited", "needs an answer")
table.wrong(ex.desk, "forgets an await", CoroutineDesk, "a coroutine, GenServer.call", "`await`")
table.hard_coded(ex.desk, "knows the shown parcels", KnowingDesk, "with another case")
table.right(ex.desk, "is written as in the chapter", QueueingDesk)
table.right(ex.desk, "keeps one line of both", PatientDesk)

table.wrong(ex.tally, "takes whatever is not the total for a count", ElseTally, "it was answered, with 2", "'cuont'")
table.wrong(ex.tally, "replies early to whatever is asked", EarlyTally, "it was answered, with 2", "'cuont'")
table.wrong(ex.tally, "answers None to what it does not know", NothingTally, "it was answered, with None")
table.wrong(ex.tally, "counts an equal number only once", OnceTally, "[21, 21, 20, 20]", "with another case")
table.right(ex.tally, "raises in its else", RaisingTally)
table.right(ex.tally, "stops of what it does not know", StoppingTally)
table.wrong(ex.board, "pins the second part of any cast", SecondPartBoard, "the unknown cast", "its request has a name")
table.wrong(ex.board, "pins what is at index 1", IndexBoard, "the unknown cast", "its request has a name")
table.wrong(ex.board, "takes each cast for a note", BareBoard, "the unknown cast", "its request has a name")
table.wrong(ex.board, "takes each message for a note", BareMessageBoard, "the unknown message", "has a name")
table.wrong(ex.board, "drops an empty note", TruthyBoard, "an empty one is a note, too")
table.wrong(ex.board, "has room for five notes", FiveBoard, "how many notes the board has room for")
table.wrong(ex.board, "merges equal notes", MergingBoard, "two equal notes are two")
table.right(ex.board, "passes over an unknown cast and appends in place", OverlookingBoard)
table.wrong(ex.oven, "keeps the degrees on the class", ClassOven, "[520.0, 520.0]", "where the degrees are kept")
table.hard_coded(ex.oven, "heats for three minutes", ThreeMinuteOven, "how long it heats", "4, and not 3")
table.wrong(ex.oven, "heats twice", TwiceHeatedOven, "after 480 s", "how often it heats")
table.wrong(ex.sprinkler, "takes each text for its tick", StringSprinkler, "'hello'", "which message is the tick")
table.wrong(ex.sprinkler, "sets fifty timers at the start", FiftySprinkler, "Seen: 50", "there is a last one")
table.wrong(ex.sprinkler, "leaves its ticker behind", LeftTickerSprinkler, "1 process", "Without a link")
table.wrong(ex.sprinkler, "sleeps between its waterings", SleepingSprinkler, "no answer for 5 seconds", "busy with")
table.wrong(
    ex.sprinkler, "counts on the class", ClassSprinkler, "two sprinklers", "where the count and the period are kept"
)
table.wrong(ex.sprinkler, "keeps the period on the class", PeriodSprinkler, "two sprinklers", "the period are kept")
table.right(ex.sprinkler, "has a ref in its tick", RefSprinkler)
table.right(ex.sprinkler, "has a plain tick", TickSprinkler)
table.right(ex.sprinkler, "has a ticker that is linked to it", LinkedTickerSprinkler)
table.wrong(ex.doorbell, "counts on the class", ClassDoorbell, "[2, 3]", "where the count is kept")
table.wrong(ex.valve, "stops of any message", TimidValve, "was sent to a valve in use", "The water runs on")
table.wrong(ex.valve, "ends with anybody who is linked", SympatheticValve, "whose end ends the valve", "its own parent")
table.wrong(ex.valve, "closes twice", TwiceClosedValve, "['closed', 'closed']", "`terminate` runs once")
table.wrong(ex.valve, "closes once for all valves", OneForAllValve, "the other was stopped", "two valves are two")
table.right(ex.valve, "passes over whatever comes", DeafValve)
table.wrong(ex.desk, "is one desk for all", GlobalDesk, "['red', 'nothing']", "two desks share nothing")
table.wrong(
    ex.desk, "drops a parcel that counts as false", TruthyDesk, "how a parcel was lost", "(0, an empty text, None)"
)
table.wrong(ex.desk, "hands over what counts as true", TruthyHandoverDesk, "how a parcel was lost", "(0, an empty text")
table.wrong(ex.desk, "takes the last part of any cast", UnaskingDesk, "the unknown cast", "its request has a name")
table.wrong(ex.desk, "takes each cast for a parcel", BareDesk, "the unknown cast", "its request has a name")
table.wrong(ex.desk, "asks for no name while couriers wait", CarelessDesk, "where a courier waited", "has a name")
table.wrong(ex.desk, "takes for 100 seconds", MinutesDesk, "for two hours", "how long `take` is willing to wait")
table.wrong(ex.desk, "takes for nearly an hour", HourDesk, "for two hours", "how long `take` is willing to wait")
table.wrong(ex.desk, "takes for a day", DayDesk, "for fifty days", "how long `take` is willing to wait")
table.wrong(ex.desk, "asks again after hours", SlowlyRetryingDesk, "for fifty days", "it asked 433 times", "its ticket")
table.wrong(ex.desk, "keeps nothing that nobody waits for", ForgetfulDesk, "how a parcel was lost", "when nobody waits")
table.wrong(ex.desk, "merges equal parcels", MergingDesk, "how a parcel was lost", "equal ones too")
table.right(ex.desk, "uses plain messages", MessageDesk)


# ---- what is remembered beside the state, unknown calls, and waits that end after all --------------------------

BY_PID: dict[str, Any] = {}  # what careful authors of globals do: each server has a key of its own


def remembered(first: Any) -> Any:
    return BY_PID.setdefault(f"{id(current_node())} {self_()}", first)


def remember(value: Any) -> None:
    BY_PID[f"{id(current_node())} {self_()}"] = value


class PidTally(GenServer):
    def handle_call(self, request: Any, from_: Any, first: Any) -> Any:
        total = remembered(first)
        match request:
            case ("count", n):
                remember(total + n)
                return Reply(total + n, first)
            case "total":
                return Reply(total, first)


class WaitingTally(GoodTally):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        return super().handle_call(request, from_, total) or NoReply(total)


class TellingTally(GoodTally):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        return super().handle_call(request, from_, total) or Reply(("error", "unknown request"), total)


class PoliteTally(GoodTally):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        return super().handle_call(request, from_, total) or Stop("normal", total, reply="what?")


class ExitingTally(GoodTally):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        result = super().handle_call(request, from_, total)
        if result is None:
            raise Exit("unknown request")
        return result


class PidBoard(GoodBoard):
    def handle_cast(self, request: Any, notes: Any) -> Any:
        match request:
            case ("pin", note):
                remember([*remembered(notes), note])
                return NoReply(notes)

    def handle_call(self, request: Any, from_: Any, notes: Any) -> Any:
        match request:
            case "notes":
                return Reply(remembered(notes), notes)


class NoneBoard(GoodBoard):
    def handle_call(self, request: Any, from_: Any, notes: Any) -> Any:
        return super().handle_call(request, from_, notes) or Reply(None, notes)


class SilentBoard(GoodBoard):
    def handle_call(self, request: Any, from_: Any, notes: Any) -> Any:
        return super().handle_call(request, from_, notes) or NoReply(notes)


class StrictBoard(GoodBoard):
    def handle_call(self, request: Any, from_: Any, notes: Any) -> Any:
        if request != "notes":
            return Stop(("unknown request", request), notes)
        return Reply(list(notes), notes)


class PidSprinkler(GoodSprinkler):
    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case "water":
                Process.send_after(self_(), "water", state[0])
                remember(remembered(0) + 1)
        return NoReply(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(remembered(0), state)


class ContinuingSprinkler(GoodSprinkler):
    """Does the watering in a continue."""

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state, Continue("water")) if message == "water" else NoReply(state)

    def handle_continue(self, work: Any, state: Any) -> Any:
        Process.send_after(self_(), "water", state[0])
        return NoReply((state[0], state[1] + 1))


class SelfSendingOven(GoodOven):
    def init(self, minutes: Any) -> Any:
        send(self_(), ("heat", minutes))
        return Ok(None)

    async def handle_info(self, message: Any, celsius: Any) -> Any:
        match message:
            case ("heat", minutes):
                await Process.sleep(minutes * 60.0)
                return NoReply(20 + 50 * minutes)
        return NoReply(celsius)


class PidDoorbell(GoodDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        remember(remembered(0) + (message == "ring"))
        return NoReply(rings)

    def handle_call(self, request: Any, from_: Any, rings: Any) -> Any:
        return Reply(remembered(0), rings)


class InheritingDoorbell(GoodDoorbell):
    """Asks its parent class first."""

    def handle_info(self, message: Any, rings: Any) -> Any:
        return super().handle_info(message, rings) or NoReply(rings)


class MonthsDesk(QueueingDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        return await GenServer.call(desk, "take", timeout=5_000_000.0)


class DecadesDesk(QueueingDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        return await GenServer.call(desk, "take", timeout=1e9)


class InfiniteDesk(QueueingDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        return await GenServer.call(desk, "take", timeout=float("inf"))


class AnyCallDesk(QueueingDesk):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return super().handle_call("take", from_, state)


class PidDesk(QueueingDesk):
    def handle_cast(self, request: Any, state: Any) -> Any:
        result = super().handle_cast(request, remembered(state))
        remember(result[0])
        return NoReply(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        result = super().handle_call(request, from_, remembered(state))
        remember(result.state)
        return Reply(result.value, state) if isinstance(result, Reply) else NoReply(state)


NOT_IN_THE_STATE = ("the whole state of the first", "under whatever key")
table.wrong(ex.tally, "keeps the total in a global, under its pid", PidTally, *NOT_IN_THE_STATE)
table.wrong(ex.tally, "lets whoever asks for the unknown wait", WaitingTally, "lives on", "`NoReply` answers nobody")
table.wrong(ex.tally, "answers the unknown with an error", TellingTally, "('error', 'unknown request')", "has to hear")
table.wrong(ex.tally, "answers before it stops", PoliteTally, "it was answered, with 'what?'")
table.right(ex.tally, "exits by itself", ExitingTally)
table.wrong(ex.board, "keeps the notes in a global, under its pid", PidBoard, *NOT_IN_THE_STATE)
table.wrong(ex.board, "answers None to what it does not know", NoneBoard, "with None", "a mistake of its caller")
table.wrong(ex.board, "answers nothing to what it does not know", SilentBoard, "lives on", "`NoReply` answers nobody")
table.right(ex.board, "stops of an unknown call", StrictBoard)
table.wrong(ex.sprinkler, "counts in a global, under its pid", PidSprinkler, *NOT_IN_THE_STATE)
table.right(ex.sprinkler, "waters in a continue", ContinuingSprinkler)
table.wrong(ex.oven, "sends itself the work", SelfSendingOven, "before `init` was over", "what is first in the mailbox")
table.wrong(ex.doorbell, "counts in a global, under its pid", PidDoorbell, *NOT_IN_THE_STATE)
table.right(ex.doorbell, "asks its parent class first", InheritingDoorbell)
table.wrong(ex.desk, "takes for two months", MonthsDesk, "for a thousand years", "how long `take` is willing to wait")
table.wrong(ex.desk, "takes for thirty years", DecadesDesk, "for a thousand years", "how long `take` is willing")
table.right(ex.desk, "takes for ever", InfiniteDesk)
table.wrong(ex.desk, "gives a parcel to any call", AnyCallDesk, "the unknown call", "tells a courier from anybody")
table.wrong(ex.desk, "keeps the parcels in a global, under its pid", PidDesk, *NOT_IN_THE_STATE)
