"""A winch that a student wrote, run by the Elixir of the machine.

A scenario is run with the module, and what it prints is compared with what the Python does. How long the winch waits is
read from the calls that begin a wait, and taken from no clock, so that a slow machine finds what a fast one does.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from .checking import NotYet

SCENARIO: Final = r"""
Process.flag(:trap_exit, true)

kind = fn
  {reason, stack} when is_list(stack) and reason != :jammed -> :error
  reason -> reason
end

quit = fn pid ->
  receive do
    {:EXIT, ^pid, reason} -> kind.(reason)
  after
    700 -> :lives
  end
end

play = fn metres, act ->
  {:ok, pid} = Winch.start_link(metres)
  answer = try do
    act.(pid)
  catch
    :exit, {reason, _call} -> {:exit, kind.(reason)}
  end
  {answer, quit.(pid)}
end

# Each wait of a winch is read where it begins: the argument of the function that waits, and of no clock.
for {module, function} <- [erlang: :send_after, erlang: :start_timer, timer: :send_after, timer: :send_interval,
                           timer: :apply_after, timer: :sleep, "Elixir.Process": :sleep] do
  Code.ensure_loaded(module)
  :erlang.trace_pattern({module, function, :_}, true, [:global])
end

read = fn metres ->
  own = self()
  starter = spawn(fn ->
    receive do :go -> Process.flag(:trap_exit, true) end
    {:ok, pid} = Winch.start_link(metres)
    send(own, {:winch, pid})
    receive do {:EXIT, ^pid, reason} -> send(own, {:ended, kind.(reason)}) end
  end)
  :erlang.trace(starter, true, [:call, :set_on_spawn])
  send(starter, :go)
  receive do {:winch, pid} -> pid after 700 -> exit(:no_start) end
end

delivered = fn ->
  ref = :erlang.trace_delivered(:all)
  receive do {:trace_delivered, :all, ^ref} -> :ok end
end

others = fn others, found ->
  receive do
    {:trace, _, :call, {_, _, [250 | _]}} -> others.(others, found)
    {:trace, _, :call, {_, _, [ms | _]}} -> others.(others, [ms | found])
  after
    0 -> found |> Enum.reverse() |> Enum.uniq()
  end
end

# Whether a wait begins; where none can be read, so many milliseconds pass.
begins = fn ms -> receive do {:trace, _, :call, {:erlang, _, _}} -> true after ms -> false end end

stays = fn act ->
  {:ok, top} = Supervisor.start_link([{Winch, 1}], strategy: :one_for_one)
  [{_, before, _, _}] = Supervisor.which_children(top)
  ref = Process.monitor(before)
  act.(before)
  receive do {:DOWN, ^ref, _, _, _} -> Process.sleep(50) after 1_000 -> :ok end
  [{_, now, _, _}] = Supervisor.which_children(top)
  {is_pid(now), now == before}
end

left = fn pid -> GenServer.call(pid, :left) end

call = fn pid, request -> GenServer.call(pid, request, 1_000) end

# Those of the requests that do not end it as an unknown one does, and what came of them.
lived = fn requests, ended, act ->
  plays = for what <- requests do
    Task.async(fn ->
      Process.flag(:trap_exit, true)
      {what, play.(METRES, fn pid -> act.(pid, what) end)}
    end)
  end
  for {what, came} <- Task.await_many(plays), came != ended, do: {what, came}
end

# Asked all the time, and told strays, it pulls all the same.
pulls = fn pulls, pid, more ->
  send(pid, :stray)
  cond do
    left.(pid) < METRES -> true
    more == 0 -> false
    true ->
      Process.sleep(40)
      pulls.(pulls, pid, more - 1)
  end
end

# After a `:pulled` from elsewhere two timers run: from the last sight of METRES - 1 to the first of METRES - 3 it is no
# time. With one timer it is 250 milliseconds or more, however fast or slow the machine is.
apart = fn apart, pid, since, more ->
  began = System.monotonic_time(:millisecond)
  seen = left.(pid)
  cond do
    seen < METRES - 2 -> System.monotonic_time(:millisecond) - since
    more == 0 -> :never
    true ->
      Process.sleep(5)
      apart.(apart, pid, (if seen < METRES - 1, do: since, else: began), more - 1)
  end
end

pair = with {:ok, first} <- Winch.start_link(METRES), {:ok, second} <- Winch.start_link(METRES) do
  for pid <- [first, second], do: Process.exit(pid, :kill)
  [:ok, :ok]
else
  {:error, {reason, _}} -> reason
  _ -> :error
end

show = [
  {"two winches at a time", fn -> pair end},
  {"0 metres", fn -> play.(0, fn _ -> :ok end) end},
  {"2 metres", fn -> play.(2, fn _ -> :ok end) end},
  {"a release", fn -> play.(METRES, fn pid -> GenServer.call(pid, :release) end) end},
  {"the milliseconds of each wait, if they are not 250", fn ->
    read.(2)
    receive do {:ended, :normal} -> :ok after 2_000 -> :ok end
    delivered.()
    others.(others, [])
  end},
  {"jams by a text, an atom, a number and a tuple", fn ->
    for what <- ["rope", :rope, 7, {:rope, 2}] do
      {_, reason} = play.(METRES, fn pid -> GenServer.cast(pid, {:jam, what}) end)
      reason
    end
  end},
  {"an unknown call", fn -> play.(METRES, fn pid -> call.(pid, :unknown) end) end},
  {"an unknown cast", fn -> play.(METRES, fn pid -> GenServer.cast(pid, :unknown) end) end},
  {"the calls that do not end it so", fn ->
    lived.(["left", :jam, {:left, 1}, {:release}], {{:exit, :error}, :error}, call)
  end},
  {"the casts that do not end it so", fn ->
    lived.([:jam, "jam", {:jam}, {:jam, 1, 2}, :release], {:ok, :error}, &GenServer.cast/2)
  end},
  {"strays, and the metres at first, after one pull and after two", fn ->
    pid = read.(METRES)
    for stray <- [:stray, {:pulled, 1}, "pulled"], do: send(pid, stray)
    first = left.(pid)
    delivered.()
    {one, two} = if begins.(0), do: {1_000, 1_000}, else: {380, 250}
    begins.(one)
    second = left.(pid)
    begins.(two)
    third = left.(pid)
    GenServer.stop(pid)
    {first, second, third}
  end},
  {"the metres after a `:pulled` from elsewhere", fn ->
    # A machine that was too slow, so that a metre was pulled by the timer, is asked once more.
    Enum.find_value(1..5, fn _ ->
      began = System.monotonic_time(:millisecond)
      {:ok, pid} = Winch.start_link(METRES)
      send(pid, :pulled)
      seen = left.(pid)
      if System.monotonic_time(:millisecond) - began < 200, do: seen
    end)
  end},
  {"whether two pulls come at a time after a `:pulled` from elsewhere", fn ->
    Enum.any?(1..4, fn _ ->
      {:ok, pid} = Winch.start_link(METRES)
      send(pid, :pulled)
      waited = apart.(apart, pid, System.monotonic_time(:millisecond), 200)
      Process.exit(pid, :kill)
      waited < 200
    end)
  end},
  {"whether it pulls while it is asked again and again", fn ->
    {:ok, pid} = Winch.start_link(METRES)
    pulls.(pulls, pid, 25)
  end},
  {"a signal that another process sends", fn ->
    play.(METRES, fn pid -> spawn(fn -> Process.exit(pid, :storm) end); :ok end)
  end},
  {"a jam below a supervisor", fn -> stays.(fn pid -> GenServer.cast(pid, {:jam, 1}) end) end},
  {"a release below a supervisor", fn -> stays.(fn pid -> GenServer.call(pid, :release) end) end},
  {"the end of the rope below a supervisor", fn -> stays.(fn _ -> :ok end) end}
]

tasks = for {name, run} <- show do
  {name, Task.async(fn ->
    Process.flag(:trap_exit, true)
    try do
      run.()
    catch
      kind, _ -> kind
    end
  end)}
end

for {name, task} <- tasks do
  IO.puts("\n#{name}: #{inspect(Task.await(task, 5_000), charlists: :as_lists)}")
end
"""
_LONGEST: Final = 9.0  # seconds of the world's time for Elixir, less than a check may stand still
_OTHERWISE: Final = "what the Python does there: the Elixir was run, and did something else"
_PID: Final = re.compile(r"#PID<[\d.]+>")
_COMPILES: Final = "what Elixir itself says to the module"


def hoped(metres: int) -> list[str]:
    """What the scenario prints for a module that is right."""
    counted = f"{{{metres}, {metres - 1}, {metres - 2}}}"
    return [
        "two winches at a time: [:ok, :ok]",
        "0 metres: {:ok, :normal}",
        "2 metres: {:ok, :normal}",
        f"a release: {{{{:released, {metres}}}, :normal}}",
        "the milliseconds of each wait, if they are not 250: []",
        'jams by a text, an atom, a number and a tuple: [jammed: "rope", jammed: :rope, jammed: 7, jammed: {:rope, 2}]',
        "an unknown call: {{:exit, :error}, :error}",
        "an unknown cast: {:ok, :error}",
        "the calls that do not end it so: []",
        "the casts that do not end it so: []",
        f"strays, and the metres at first, after one pull and after two: {counted}",
        f"the metres after a `:pulled` from elsewhere: {metres - 1}",
        "whether two pulls come at a time after a `:pulled` from elsewhere: true",
        "whether it pulls while it is asked again and again: true",
        "a signal that another process sends: {:ok, :storm}",
        "a jam below a supervisor: {true, false}",
        "a release below a supervisor: {false, false}",
        "the end of the rope below a supervisor: {false, false}",
    ]


def program(text: str, metres: int) -> str:
    """The module and the scenario, as one program."""
    return text + SCENARIO.replace("METRES", str(metres))


def run(elixir: str, text: str, metres: int) -> NotYet | str:
    """What of a run is not as it should be; or "right"; or "broken", if the machine runs no Elixir, or not in time."""
    done = "the module was run by the Elixir of this machine"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "winch.exs")
        script.write_text(program(text, metres), encoding="utf-8")
        command = [elixir, "--erl", "-kernel logger_level none", str(script)]
        try:
            ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_LONGEST, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return "broken"
    printed = {line.partition(": ")[0]: line for line in ran.stdout.splitlines()}
    lines = [(wanted, printed.get(wanted.partition(": ")[0], "")) for wanted in hoped(metres)]
    said = next((each for each in ran.stderr.splitlines() if each.startswith("**")), "")
    if not said and not any(line for _, line in lines):
        return "broken"
    for wanted, line in lines:
        if not line:
            return NotYet(done, said.replace(folder, "")[:200] or "nothing more", wanted, _COMPILES)
        if line != wanted:
            return NotYet(done, _PID.sub("#PID<…>", line)[:200], wanted, _OTHERWISE)
    return "right"
