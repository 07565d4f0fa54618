# The workloads on the BEAM itself: elixir on_beam.exs WORKLOAD COUNT … prints for each the seconds of processor time, or
# the bytes for each server. Started with one scheduler that does not spin while it waits, so that its time is the work's.
#
# All of it stands in modules: code outside of them is interpreted, and an interpreter would be measured.
defmodule Counter do
  use GenServer
  def start_link(first, options \\ []), do: GenServer.start_link(__MODULE__, first, options)
  def init(first), do: {:ok, first}
  def handle_call(_request, _from, state), do: {:reply, state + 1, state + 1}
  def handle_cast(_request, state), do: {:noreply, state + 1}
end

# Tells that it is there, and ends without a report when it is told to fail.
defmodule Telling do
  use GenServer
  def start_link(boss), do: GenServer.start_link(__MODULE__, boss)

  def init(boss) do
    send(boss, {:up, self()})
    {:ok, boss}
  end

  def handle_cast(_request, boss), do: {:stop, {:shutdown, :fail}, boss}
end

defmodule OnBeam do
  # As in gauge.py.
  @restarts 20
  @stream 10_000
  @ring 1_000

  def main(arguments) do
    Logger.configure(level: :none)

    for [workload, count] <- Enum.chunk_every(arguments, 2) do
      IO.puts(Task.await(Task.async(fn -> measure(workload, String.to_integer(count)) end), :infinity))
    end
  end

  defp measure("idle", count), do: grown(count, false)
  defp measure("idle_called", count), do: grown(count, true)

  defp measure(workload, count) do
    work = prepare(workload, count)
    work.(div(count, 10))
    {before, _} = :erlang.statistics(:runtime)
    work.(count)
    {later, _} = :erlang.statistics(:runtime)
    (later - before) / 1000
  end

  defp repeat(count, work) when count > 0, do: Enum.each(1..count, work)
  defp repeat(_, _), do: :ok

  defp started do
    {:ok, pid} = GenServer.start(Counter, 0)
    pid
  end

  defp prepare("calls", _) do
    counter = started()
    &repeat(&1, fn _ -> GenServer.call(counter, :next) end)
  end

  defp prepare("casts", _) do
    counter = started()

    fn count ->
      repeat(count, fn _ -> GenServer.cast(counter, :next) end)
      GenServer.call(counter, :next)
    end
  end

  defp prepare("spawns", _) do
    &repeat(&1, fn _ ->
      spawn_monitor(fn -> nil end)

      receive do
        {:DOWN, _, _, _, _} -> nil
      end
    end)
  end

  defp prepare("starts", _), do: &repeat(&1, fn _ -> GenServer.stop(started()) end)

  defp prepare("restarts", count) do
    counters =
      for _ <- 1..(div(2 * count, @restarts) + 2) do
        {:ok, _} = Supervisor.start_link([{Telling, self()}], strategy: :one_for_one, max_restarts: 1000)
        up()
      end

    Process.put(:counters, counters)

    fn count ->
      {these, rest} = Enum.split(Process.get(:counters), max(1, div(count, @restarts)))
      Process.put(:counters, rest)
      Enum.each(these, &restart(&1, @restarts))
    end
  end

  defp prepare("children", _) do
    {:ok, supervisor} = DynamicSupervisor.start_link(strategy: :one_for_one)
    &repeat(&1, fn _ -> DynamicSupervisor.start_child(supervisor, {Counter, 0}) end)
  end

  defp prepare("registry_lookups", _) do
    {:via, Registry, {names, key}} = registered()
    &repeat(&1, fn _ -> Registry.lookup(names, key) end)
  end

  defp prepare("via_whereis", _) do
    name = registered()
    &repeat(&1, fn _ -> GenServer.whereis(name) end)
  end

  defp prepare("via_calls", _) do
    name = registered()
    &repeat(&1, fn _ -> GenServer.call(name, :next) end)
  end

  defp prepare("ets_lookups", _) do
    table = :ets.new(:counters, [])
    :ets.insert(table, {:counter, 1})
    &repeat(&1, fn _ -> :ets.lookup(table, :counter) end)
  end

  defp prepare("ets_inserts", _) do
    table = :ets.new(:counters, [])
    &repeat(&1, fn number -> :ets.insert(table, {rem(number, 1000), number}) end)
  end

  defp prepare("tasks", _), do: &repeat(&1, fn _ -> Task.await(Task.async(fn -> 1 end)) end)

  defp prepare("stream", _) do
    fn count ->
      repeat(max(1, div(count, @stream)), fn _ ->
        1..min(count, @stream) |> Task.async_stream(& &1, max_concurrency: 8, timeout: 5000) |> Enum.each(fn {:ok, _} -> nil end)
      end)
    end
  end

  defp prepare("ring", _) do
    boss = self()
    pids = for _ <- 2..@ring, do: spawn(&begin_to_pass_on/0)
    Enum.each(Enum.zip(pids, tl(pids) ++ [boss]), fn {pid, neighbour} -> send(pid, neighbour) end)

    fn count ->
      repeat(max(1, div(count, @ring)), fn number ->
        send(hd(pids), number)

        receive do
          _ -> nil
        end
      end)
    end
  end

  defp up do
    receive do
      {:up, pid} -> pid
    end
  end

  defp restart(_counter, 0), do: nil

  defp restart(counter, times) do
    GenServer.cast(counter, :fail)
    restart(up(), times - 1)
  end

  defp registered do
    names = :"names#{System.unique_integer([:positive])}"
    {:ok, _} = Registry.start_link(keys: :unique, name: names)
    name = {:via, Registry, {names, :counter}}
    {:ok, _} = Counter.start_link(0, name: name)
    name
  end

  defp begin_to_pass_on do
    receive do
      neighbour -> pass_on(neighbour)
    end
  end

  defp pass_on(neighbour) do
    receive do
      message -> send(neighbour, message)
    end

    pass_on(neighbour)
  end

  defp grown(count, called) do
    GenServer.call(started(), :next)
    before = resident_bytes()

    repeat(count, fn _ ->
      server = started()
      if called, do: GenServer.call(server, :next)
    end)

    (resident_bytes() - before) / count
  end

  defp resident_bytes do
    :erlang.garbage_collect()
    [_, kilobytes] = Regex.run(~r/VmRSS:\s+(\d+)/, File.read!("/proc/self/status"))
    String.to_integer(kilobytes) * 1024
  end
end

OnBeam.main(System.argv())
