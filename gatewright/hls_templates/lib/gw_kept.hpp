// What a kernel keeps from one sequence to the next.
//
// In hardware it is static in the kernel: memories and registers that only its process of the
// dataflow region touches, one set for each kernel, since parameters belong to one kernel. A host
// that loads the design as a library (GW_OPENED) may open it several times: there it lies in what
// was opened, and comes in with the call.
//
// GW_KEPT_STATIC(type, name) declares the part `name`, an array or a scalar.
#pragma once

#ifdef GW_OPENED
#define GW_KEPT_PARAMETER(type) type &kept,
#define GW_KEPT_ARGUMENT(member) kept.member,
#define GW_KEPT_STATIC(type, name) type& name = kept.name
#else
#define GW_KEPT_PARAMETER(type)
#define GW_KEPT_ARGUMENT(member)
#define GW_KEPT_STATIC(type, name) static type name
#endif
