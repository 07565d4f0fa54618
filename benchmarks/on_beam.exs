# GenServer.call and :ets.lookup on the BEAM itself: prints how many of each in a second of processor time, the best
# of a few runs.
# Started with one scheduler that does not spin while it waits, so that its time is the work's.
defmodule Counter do
  use GenServer
  def init(first), do: {:ok, first}
  def handle_call(:next, _from, state), do: {:reply, state + 1, state + 1}
end

[count] = System.argv()
count = String.to_integer(count)
{:ok, counter} = GenServer.start_link(Counter, 0)

table = :ets.new(:counters, [])
:ets.insert(table, {:counter, 1})

best = fn count, work ->
  rates =
    for _ <- 1..5 do
      {before, _} = :erlang.statistics(:runtime)
      Enum.each(1..count, work)
      {later, _} = :erlang.statistics(:runtime)
      count * 1000 / max(later - before, 1)
    end

  Enum.max(rates)
end

IO.puts(best.(count, fn _ -> GenServer.call(counter, :next) end))
IO.puts(best.(count * 20, fn _ -> :ets.lookup(table, :counter) end))
