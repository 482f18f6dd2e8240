"""Reports of the structure that Vitis HLS writes, as public repositories show it; made up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class WrittenLoop:
    """A pipelined loop of a report; ``trips`` and ``latency`` as they are written."""

    name: str
    interval: int = 1
    depth: int = 9
    trips: str = "undef"
    latency: str = "undef"


@dataclass(frozen=True)
class WrittenModule:
    """A module of a report."""

    name: str
    loops: tuple[WrittenLoop, ...] = ()
    worst: str = "undef"


def csynth_xml(
    version: str,
    modules: Iterable[WrittenModule],
    *,
    part: str = "xc7z020-clg400-1",
    target: str = "5.00",
    estimated: str = "3.412",
    pragmas: Iterable[tuple[str, str, str, str]] = (),
) -> str:
    """``csynth.xml``; pragmas are (type, place, status, options)."""
    told = "".join(
        f'        <Pragma type="{kind}" location="{place}" status="{status}" '
        f'parentFunction="f" variable="" isDirective="0" options="{options}"/>\n'
        for kind, place, status, options in pragmas
    )
    # 2020.2 says none where later versions say no.
    pipelined = "none" if version < "2021" else "no"
    return f"""<profile>
    <ReportVersion>
        <Version>{version}</Version>
    </ReportVersion>
    <UserAssignments>
        <unit>ns</unit>
        <ProductFamily>zynq</ProductFamily>
        <Part>{part}</Part>
        <TopModelName>gatewright_hls</TopModelName>
        <TargetClockPeriod>{target}</TargetClockPeriod>
        <ClockUncertainty>{float(target) * 0.27:.2f}</ClockUncertainty>
        <FlowTarget>vivado</FlowTarget>
    </UserAssignments>
    <PerformanceEstimates>
        <PipelineType>{pipelined}</PipelineType>
        <SummaryOfTimingAnalysis>
            <unit>ns</unit>
            <EstimatedClockPeriod>{estimated}</EstimatedClockPeriod>
        </SummaryOfTimingAnalysis>
        <SummaryOfOverallLatency>
            <unit>clock cycles</unit>
            <Best-caseLatency>undef</Best-caseLatency>
            <Average-caseLatency>undef</Average-caseLatency>
            <Worst-caseLatency>undef</Worst-caseLatency>
            <Interval-min>undef</Interval-min>
            <Interval-max>undef</Interval-max>
        </SummaryOfOverallLatency>
    </PerformanceEstimates>
    <AreaEstimates>
        <Resources>
            <BRAM_18K>7</BRAM_18K>
            <DSP>12</DSP>
            <FF>4100</FF>
            <LUT>6200</LUT>
            <URAM>0</URAM>
        </Resources>
        <AvailableResources>
            <BRAM_18K>280</BRAM_18K>
            <DSP>220</DSP>
            <FF>106400</FF>
            <LUT>53200</LUT>
            <URAM>0</URAM>
        </AvailableResources>
    </AreaEstimates>
    <ModuleInformation>
{"".join(map(_module, modules))}    </ModuleInformation>
    <FIFOInformation/>
    <PragmaReport>
{told}    </PragmaReport>
</profile>
"""


def _module(module: WrittenModule) -> str:
    summary = ""
    if module.loops:
        loops = "".join(map(_loop, module.loops))
        summary = f"""                <SummaryOfLoopLatency>
{loops}                </SummaryOfLoopLatency>
"""
    return f"""        <Module>
            <Name>{module.name}</Name>
            <PerformanceEstimates>
                <SummaryOfTimingAnalysis>
                    <TargetClockPeriod>5.00</TargetClockPeriod>
                    <ClockUncertainty>1.35</ClockUncertainty>
                    <EstimatedClockPeriod>3.412</EstimatedClockPeriod>
                </SummaryOfTimingAnalysis>
                <SummaryOfOverallLatency>
                    <Best-caseLatency>{module.worst}</Best-caseLatency>
                    <Worst-caseLatency>{module.worst}</Worst-caseLatency>
                    <PipelineInitiationInterval>{module.worst}</PipelineInitiationInterval>
                    <PipelineType>no</PipelineType>
                </SummaryOfOverallLatency>
{summary}            </PerformanceEstimates>
            <AreaEstimates>
                <Resources>
                    <FF>2</FF>
                    <UTIL_FF>~0</UTIL_FF>
                </Resources>
            </AreaEstimates>
        </Module>
"""


def _loop(loop: WrittenLoop) -> str:
    return f"""                    <{loop.name}>
                        <Name>{loop.name}</Name>
                        <Slack>3.65</Slack>
                        <TripCount>{loop.trips}</TripCount>
                        <Latency>{loop.latency}</Latency>
                        <PipelineII>{loop.interval}</PipelineII>
                        <PipelineDepth>{loop.depth}</PipelineDepth>
                        <PipelineType>yes</PipelineType>
                        <InstanceList/>
                    </{loop.name}>
"""


def cosim_rpt(status: str, latency: Iterable[object], interval: Iterable[object]) -> str:
    """``gatewright_hls_cosim.rpt``: since 2021 with the total behind."""
    nothing = ("NA",) * 6
    rows = [("VHDL", "NA", *nothing, "NA"), ("Verilog", status, *latency, *interval, "999")]
    bar = "+----------+----------+" + "-" * 47 + "+" + "-" * 47 + "+" + "-" * 22 + "+\n"
    lines = ["".join(f"|{cell!s:>15}" for cell in row) + "|\n" for row in rows]
    return (
        "Report time       : Fri Nov 27 05:00:00 2026.\nSolution          : solution1.\n"
        f"Simulation tool   : xsim.\n\n{bar}"
        "|          |          |             Latency(Clock Cycles)             |"
        "              Interval(Clock Cycles)           | Total Execution Time |\n"
        "+   RTL    +  Status  +" + "-" * 47 + "+" + "-" * 47 + "+    (Clock Cycles)    +\n"
        "|          |          |      min      |      avg      |      max      |"
        f"      min      |      avg      |      max      |                      |\n{bar}"
        f"{''.join(lines)}{bar}"
    )


def export_xml(kind: str, achieved: str, met: bool) -> str:
    """``export_impl.xml`` or ``export_syn.xml``; ``kind`` is impl or synth."""
    return f"""<profile>
  <RunData>
    <RUN_TYPE>{kind}</RUN_TYPE>
    <VIVADO_VERSION>v.2022.2</VIVADO_VERSION>
  </RunData>
  <TimingReport>
    <TargetClockPeriod>5.000</TargetClockPeriod>
    <AchievedClockPeriod>{achieved}</AchievedClockPeriod>
    <CLOCK_NAME>ap_clk</CLOCK_NAME>
    <CP_ROUTE>{achieved if kind == "impl" else "NA"}</CP_ROUTE>
    <CP_TARGET>5.000</CP_TARGET>
    <TIMING_MET>{"TRUE" if met else "FALSE"}</TIMING_MET>
  </TimingReport>
  <AreaReport>
    <Resources>
      <BRAM>5</BRAM>
      <CLB>0</CLB>
      <DSP>11</DSP>
      <FF>3000</FF>
      <LATCH>0</LATCH>
      <LUT>2500</LUT>
      <SRL>40</SRL>
      <URAM>0</URAM>
    </Resources>
    <AvailableResources>
      <BRAM>280</BRAM>
      <DSP>220</DSP>
      <FF>106400</FF>
      <LUT>53200</LUT>
    </AvailableResources>
  </AreaReport>
</profile>
"""
