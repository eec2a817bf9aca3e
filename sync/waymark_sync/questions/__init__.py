"""The question graph: which steps a report has, what is asked in each, and what makes an answer usable.

`core.json` holds the graph and no wording; the browser reads the same file and the same vectors hold both
readers. Answers are given as one flat mapping by field, as the screens hold them. Errors stop a step;
warnings are shown once and never stop anybody.
"""

from waymark_sync.questions.canonical import Incomplete, canonical
from waymark_sync.questions.checks import Fault, Findings, check_all, check_step, visible_steps
from waymark_sync.questions.graph import GRAPH, Field, Filled, Graph, Step

__all__ = [
    "GRAPH",
    "Fault",
    "Field",
    "Filled",
    "Findings",
    "Graph",
    "Incomplete",
    "Step",
    "canonical",
    "check_all",
    "check_step",
    "visible_steps",
]
