"""What a process may be called, and what is said of one who is addressed in another way.

OTP: the arguments of ``Process.register/2`` and ``send/2``
"""

from __future__ import annotations

from types import CoroutineType
from typing import Any, Final

from .copying import copy_term
from .errors import BadArg, CopyError, describe_exception, name_of, not_awaited, safe_repr
from .terms import Address, Pid, Ref

_UNUSABLE: Final = (None, True, False)


def check_name(name: object) -> None:
    """Raise `BadArg` unless ``name`` can be a registered name."""
    meant, problem = what_was_meant(name), "is not usable as a name"
    try:
        hash(name)
        unusable = any(name is bad for bad in _UNUSABLE) or name == "undefined"
        if not unusable and not meant and not isinstance(name, (Pid, Ref, Address)):
            if copy_term(name) == name:
                return
            problem = "equals no copy of itself, so no other process could ever use it"
    except CopyError:
        problem = "cannot be copied, so no other process could ever use it"
    except TypeError:
        problem = "cannot be hashed"
    except Exception as why:
        problem = f"cannot be compared: {describe_exception(why)}"
    raise BadArg(
        f"a process's name is a string, a class or another hashable value, but not None, True, "
        f'False, "undefined", a pid or an address; got {safe_repr(name)}, which {problem}.{meant}'
    )


def check_destination(destination: object) -> None:
    """Raise `BadArg` where nobody is found because nobody can ever be found there."""
    if isinstance(destination, (str, int, tuple, type)) or destination is None:
        try:
            hash(destination)
        except Exception:
            pass  # a tuple with a list in it
        else:
            return
    try:
        check_name(destination)
    except BadArg:
        said = f"a process is addressed by its pid, its name or Via(...), got {safe_repr(destination)}"
        raise BadArg(f"{said}.{what_was_meant(destination)}") from None


def what_was_meant(thing: object) -> str:
    """What to write in place of a thing that stands where a pid or a name was wanted."""
    if isinstance(thing, CoroutineType):
        return f" {not_awaited(thing)}."
    if hasattr(type(thing), "start_link"):
        kind = name_of(type(thing))
        return f" An instance of {kind} is no process: write `await {kind}.start_link(...)`."
    return ""


def check_address(kind: type[Address]) -> None:
    """Raise `BadArg` where a function is missing that an address needs: before anybody is started under it."""
    for name in ("whereis", "register", "unregister"):
        if getattr(kind, name) is getattr(Address, name):
            raise BadArg(f"{kind.__name__} is an address and has no {name}: write def {name}(self, ...)")


def check_answer(address: Address, function: str, answer: Any) -> Pid | None:
    """What a function of an address has answered; `BadArg` for all but a pid and None."""
    if answer is None or type(answer) is Pid:
        return answer
    if function == "receiver" and type(address).receiver is Address.receiver:
        function = "whereis"
    asked = f"{type(address).__name__}.{function}"
    if isinstance(answer, CoroutineType):
        answer.close()  # the error says it: no warning besides
        raise BadArg(f"{asked} is an async def, and an address is asked at once: write def {function}(self, ...)")
    who = "the pid behind the address" if function != "register" else "the pid of who has the address already"
    raise BadArg(f"{asked} answers {who}, or None; got {safe_repr(answer)}")
