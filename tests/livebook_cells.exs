# elixir livebook_cells.exs FOLDER: run the cells of Livebooks as Livebook does.
#
# Each folder in FOLDER is a Livebook, each NNN.exs in it a cell. The cells of a Livebook run one after the other in one
# process: a variable, an alias, a module, a link and a message stay from cell to cell, a module is also kept as a file,
# and one that is there already is refused. What NNN.exs printed stands in NNN.out; where it failed, NNN.err says how.
defmodule Livebook do
  def run(folder, ebin) do
    {:ok, out} = StringIO.open("")
    loaded = MapSet.new(:code.all_loaded(), &elem(&1, 0))

    {pid, ref} =
      spawn_monitor(fn ->
        Process.group_leader(self(), out)
        Process.put(:ebin, ebin)
        env = Macro.Env.prepend_tracer(Code.env_for_eval([]), __MODULE__)
        folder |> Path.join("*.exs") |> Path.wildcard() |> Enum.sort() |> Enum.reduce({[], env}, &cell(&1, out, &2))
      end)

    receive do
      {:DOWN, ^ref, :process, ^pid, :normal} -> :ok
      {:DOWN, ^ref, :process, ^pid, reason} -> File.write!(Path.join(folder, "process.err"), inspect(reason))
    end

    end_all(out)
    for {module, []} <- :code.all_loaded(), module not in loaded, do: unload(module)
    for file <- File.ls!(ebin), do: File.rm!(Path.join(ebin, file))
  end

  defp cell(path, out, {binding, env}) do
    StringIO.flush(out)
    quoted = Code.string_to_quoted!(File.read!(path), file: path)
    {_value, binding, env} = Code.eval_quoted_with_env(quoted, binding, %{env | file: path})
    File.write!(Path.rootname(path) <> ".out", StringIO.flush(out))
    {binding, env}
  catch
    kind, reason ->
      File.write!(Path.rootname(path) <> ".err", Exception.format(kind, reason, __STACKTRACE__))
      {binding, env}
  end

  # Of what the compiler tells its tracers, Livebook uses this.
  def trace(:start, env) do
    if env.module && Code.ensure_loaded?(env.module) do
      raise CompileError, file: env.file, line: env.line, description: "module #{inspect(env.module)} is already defined"
    end

    :ok
  end

  def trace({:on_module, bytecode, _}, env) do
    if ebin = Process.get(:ebin), do: File.write!(Path.join(ebin, "#{env.module}.beam"), bytecode)
    :ok
  end

  def trace(_event, _env), do: :ok

  defp unload(module) do
    :code.purge(module)
    :code.delete(module)
    :code.purge(module)
  end

  defp end_all(out) do
    started = Enum.filter(Process.list(), &(Process.info(&1, :group_leader) == {:group_leader, out}))
    Enum.each(started, &Process.exit(&1, :kill))
    if started != [], do: end_all(out)
  end
end

[folder] = System.argv()
ebin = Path.join(folder, "ebin")
File.mkdir_p!(ebin)
Code.prepend_path(ebin)
for name <- Enum.sort(File.ls!(folder)), name != "ebin", do: Livebook.run(Path.join(folder, name), ebin)
