"""Attacks on the checks of chapter 03, GenServer basics."""

from __future__ import annotations

from typing import Any

from attacks import Table

from otp_mini import (
    Continue,
    ExitSignal,
    GenServer,
    NoReply,
    Ok,
    Process,
    Reply,
    Stop,
    Timeout,
    self_,
    send,
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
        return GenServer.cast(board, note)

    @staticmethod
    async def notes(board: Any) -> Any:
        return await GenServer.call(board, "notes")

    def handle_cast(self, note: Any, notes: Any) -> Any:
        return NoReply(notes + [note])

    def handle_call(self, request: Any, from_: Any, notes: Any) -> Any:
        return Reply(notes, notes)


class WaitingBoard(NoBoard):
    @staticmethod
    async def pin(board: Any, note: str) -> Any:
        return await GenServer.call(board, ("pin", note))


class LatestFirstBoard(NoBoard):
    def handle_cast(self, note: Any, notes: Any) -> Any:
        return NoReply([note, *notes])


class LosingBoard(NoBoard):
    def handle_cast(self, note: Any, notes: Any) -> Any:
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
        return GenServer.cast(desk, parcel)

    @staticmethod
    async def take(desk: Any) -> Any:
        return await GenServer.call(desk, "take", timeout=None)

    async def handle_call(self, request: Any, from_: Any, parcels: Any) -> Any:
        while not parcels:
            await Process.sleep(1.0)
        return Reply(parcels[0], parcels[1:])

    def handle_cast(self, parcel: Any, parcels: Any) -> Any:
        return NoReply(parcels + [parcel])


class EmptyHandedDesk(BlockingDesk):
    def handle_call(self, request: Any, from_: Any, parcels: Any) -> Any:
        return Reply(parcels[0], parcels[1:]) if parcels else Reply(None, [])


class LastInDesk(BlockingDesk):
    def handle_cast(self, parcel: Any, parcels: Any) -> Any:
        return NoReply([parcel, *parcels])


class QueueingDesk(BlockingDesk):
    """Right but for what the classes below change."""

    def init(self, _: Any) -> Any:
        return Ok(([], []))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match state:
            case ([first, *rest], couriers):
                return Reply(first, (rest, couriers))
        return NoReply(([], state[1] + [from_]))

    def handle_cast(self, parcel: Any, state: Any) -> Any:
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
    def handle_cast(self, parcel: Any, state: Any) -> Any:
        for courier in state[1]:
            GenServer.reply(courier, parcel)
        return NoReply(([], [])) if state[1] else NoReply((state[0] + [parcel], []))


class UnfairDesk(QueueingDesk):
    def handle_cast(self, parcel: Any, state: Any) -> Any:
        return super().handle_cast(parcel, (state[0], state[1][::-1]))


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
table.wrong(ex.sprinkler, "busy sprinkler", BusySprinkler, "more than 20,000 messages", "without a pause")
table.wrong(ex.sprinkler, "hasty sprinkler", HastySprinkler, "the run took more than 5000 turns", "without a pause")
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
table.wrong(ex.valve, "open valve", OpenValve, "['opened']", "what an exit signal does")
table.wrong(ex.valve, "late valve", LateValve, "['opened']", "what an exit signal does")
table.wrong(ex.valve, "listening valve", ListeningValve, "['opened']", "what an exit signal does")
table.wrong(ex.valve, "double valve", DoubleValve, "['opened', 'closed', 'closed']", "`terminate` runs once")
table.wrong(ex.valve, "untidy valve", UntidyValve, "['opened']", "a stop ran it before")
table.wrong(ex.desk, "blocking desk", BlockingDesk, "'nothing'", "what the desk does while a courier waits")
table.wrong(ex.desk, "empty handed desk", EmptyHandedDesk, "(0, None)", "nothing yet")
table.wrong(ex.desk, "last in desk", LastInDesk, "['blue', 'red']", "the one put first is taken first")
table.wrong(ex.desk, "impatient desk", ImpatientDesk, "'gave up'", "a call has a time-out of its own")
table.wrong(ex.desk, "everybody desk", EverybodyDesk, "(1, 'red')", "they go on waiting")
table.wrong(ex.desk, "unfair desk", UnfairDesk, "(1, 'red')", "whoever came first")
