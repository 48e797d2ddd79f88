# mujoco's compiled part ships no type stubs, so its names are unknown to a type checker.
from typing import Any

def __getattr__(name: str) -> Any: ...
