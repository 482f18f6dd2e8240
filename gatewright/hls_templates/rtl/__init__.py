"""What SystemVerilog is made of: modules, parameters, memory images, pipelines."""
