#!/usr/bin/env python3
"""usage: jmh.py < OUTPUT

Reads what `swift package benchmark --format jmh` says, and prints a line for each benchmark: its name, how
many passes there were, and the medians of its rates, as tab-separated values.
"""

import json
import re
import sys


def main():
    # The plugin says other things around it.
    found = re.search(r"^\[\{.*\}\]", sys.stdin.read(), re.MULTILINE)
    if found is None:
        sys.exit("jmh.py: no results")
    print("benchmark", "passes", "bytes_per_second", "values_per_second", sep="\t")
    # They come in no order.
    for result in sorted(json.loads(found[0]), key=lambda result: result["benchmark"]):
        name = result["benchmark"].split(".", 3)[3].replace("_", " ")
        rates = result["secondaryMetrics"]
        values = rates["values per second"] if name.startswith("value/") else None
        median = rates["bytes per second"]["scorePercentiles"]["50.0"]
        of_values = f"{values['scorePercentiles']['50.0']:.0f}" if values else ""
        print(name, result["measurementIterations"], f"{median:.0f}", of_values, sep="\t")


if __name__ == "__main__":
    main()
