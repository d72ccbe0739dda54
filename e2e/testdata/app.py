"""An application that logs as many do: one line for each event, and real tracebacks where an assertion fails.

    app.py FILE     for each line "N" on standard input, logs N events and answers "N"
"""
import logging
import sys


def check(order):
    total = sum(order["prices"])
    assert total < 100, "order %d: total %d" % (order["id"], total)
    return total


def handle(number):
    if number % 7 == 3:
        try:
            check({"id": number, "prices": [number, 101]})
        except AssertionError:
            logging.exception("order %d refused", number)
    elif number % 5 == 1:
        logging.warning("order %d is slow: %s", number, "caf\u00e9 \u20ac " * (number % 4))
    else:
        logging.info("order %d took %d ms", number, number % 250)


def main():
    logging.basicConfig(
        filename=sys.argv[1], encoding="utf-8", level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    number = 0
    for line in sys.stdin:
        for _ in range(int(line)):
            handle(number)
            number += 1
        print(line.strip(), flush=True)


main()
