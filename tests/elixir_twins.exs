# elixir elixir_twins.exs FOLDER: run every program of a folder, one after the other in this BEAM.
#
# Each runs in a process of its own with an output of its own. When it has ended, what it started is killed and what it
# defined is unloaded, so that the next one finds the BEAM as it was. What NAME.exs printed stands in NAME.out; where it
# failed or warned, NAME.err says so.
defmodule InCompany do
  def run(path) do
    {:ok, out} = StringIO.open("")
    {:ok, err} = StringIO.open("")
    loaded = MapSet.new(:code.all_loaded(), &elem(&1, 0))
    terminal = Process.whereis(:standard_error)
    put_in_place(err)

    {pid, ref} =
      spawn_monitor(fn ->
        Process.group_leader(self(), out)
        Code.compile_file(path)
      end)

    reason =
      receive do
        {:DOWN, ^ref, :process, ^pid, reason} -> reason
      end

    {_, printed} = StringIO.contents(out)
    put_in_place(terminal)
    {_, warned} = StringIO.contents(err)
    failed = if reason == :normal, do: "", else: Exception.format_exit(reason)
    end_all(out)
    unload(loaded)
    File.write!(Path.rootname(path) <> ".out", printed)
    if warned <> failed != "", do: File.write!(Path.rootname(path) <> ".err", warned <> failed)
  end

  defp put_in_place(device) do
    Process.unregister(:standard_error)
    Process.register(device, :standard_error)
  end

  # Whatever a program has started, by whichever way, has its output.
  defp end_all(out) do
    started = Enum.filter(Process.list(), &(Process.info(&1, :group_leader) == {:group_leader, out}))
    refs = Enum.map(started, &Process.monitor/1)
    Enum.each(started, &Process.exit(&1, :kill))

    for ref <- refs do
      receive do
        {:DOWN, ^ref, _, _, _} -> :ok
      end
    end

    if started != [], do: end_all(out)
  end

  # What is loaded from no file was defined by the program.
  defp unload(loaded) do
    for {module, file} <- :code.all_loaded(), module not in loaded, not beam?(file) do
      :code.purge(module)
      :code.delete(module)
      :code.purge(module)
    end
  end

  defp beam?(file), do: is_list(file) and String.ends_with?(List.to_string(file), ".beam") and File.exists?(file)
end

[folder] = System.argv()
folder |> Path.join("*.exs") |> Path.wildcard() |> Enum.sort() |> Enum.each(&InCompany.run/1)
