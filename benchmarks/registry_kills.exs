# elixir benchmarks/registry_kills.exs: of forty kills of a registry with fifty users, how many end the supervisor?
# The log is on, as in production: each crash report costs time, and the starts that fail meanwhile are counted.
Process.flag(:trap_exit, true)

defmodule Parcel do
  use GenServer

  def start_link(number) do
    GenServer.start_link(__MODULE__, number, name: {:via, Registry, {Parcels, number}})
  end

  @impl true
  def init(number), do: {:ok, number}
end

parcels = for number <- 1..50, do: Supervisor.child_spec({Parcel, number}, id: number)

lost = fn strategy, most ->
  options = [strategy: strategy, max_restarts: most]
  {:ok, hub} = Supervisor.start_link([{Registry, keys: :unique, name: Parcels} | parcels], options)
  Process.exit(Process.whereis(Parcels), :kill)
  Process.sleep(500)
  stands = Process.alive?(hub)
  if stands, do: Supervisor.stop(hub)
  Process.sleep(100)
  not stands
end

for strategy <- [:rest_for_one, :one_for_all], most <- [3, 1_000] do
  many = Enum.count(1..40, fn _ -> lost.(strategy, most) end)
  IO.puts("#{strategy}, max_restarts #{most}: lost #{many} of 40")
end
