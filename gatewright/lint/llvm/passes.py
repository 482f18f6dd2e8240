"""LLVM's passes over the IR of a design: helpers inlined, scalars in registers, loops unrolled.

The order is Vitis': functions are inlined first, then what pragmas say of arrays is looked up, then
loops inside pipelines are unrolled. What becomes a memory is kept from being taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

import llvmlite.binding as llvm

_UNLIMITED = (
    "-unroll-threshold=1000000000",
    "-unroll-partial-threshold=0",
    "-unroll-allow-partial=false",
    "-unroll-allow-peeling=false",
    "-unroll-runtime=false",
    "-unroll-max-upperbound=0",
)
"""A loop of a constant number of passes is unrolled whole, and no other one at all."""
_CPU = re.compile(r'"(?:target-cpu|target-features|tune-cpu)"="[^"]*"')


@cache
def _builder() -> llvm.PassBuilder:
    llvm.initialize_native_target()
    for option in _UNLIMITED:
        llvm.set_option("gatewright", option)
    machine = llvm.Target.from_default_triple().create_target_machine()
    tuning = llvm.create_pipeline_tuning_options(speed_level=1)
    tuning.loop_vectorization = tuning.slp_vectorization = tuning.loop_interleaving = False
    return llvm.create_pass_builder(machine, tuning)


def parse(text: str) -> llvm.ModuleRef:
    """A module of its text, verified, in a context of its own: names of types stay as they are.

    It is for no CPU: what passes ask of one, ours answers.
    """
    module = llvm.parse_assembly(_CPU.sub("", text), llvm.create_context())
    module.verify()
    return module


def inline(module: llvm.ModuleRef, kept: Collection[str]) -> None:
    """Inline every function into those that are kept, and put scalars into registers."""
    for function in module.functions:
        if not function.is_declaration:
            attribute = "noinline" if function.name in kept else "alwaysinline"
            function.add_function_attribute(attribute)
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_instruction_namer_pass()
    passes.run(module, _builder())


def unroll(module: llvm.ModuleRef) -> None:
    """Unroll what can be, and simplify what comes of it."""
    passes = llvm.create_new_module_pass_manager()
    passes.add_loop_simplify_pass()
    passes.add_lcssa_pass()
    passes.add_loop_rotate_pass()
    passes.add_loop_unroll_pass()
    for _ in range(2):
        passes.add_sroa_pass()
        passes.add_sccp_pass()
        passes.add_new_gvn_pass()
        passes.add_dead_store_elimination_pass()
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
    passes.add_aggressive_dce_pass()
    passes.run(module, _builder())
