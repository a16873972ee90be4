# kind: proxy
# tries: raises KeyboardInterrupt, GeneratorExit and SystemExit, as if somebody stopped the tests
# allowed: wrong_answer, runtime_error
# never: a test run that was cut short passes

def total(prices):
    raise KeyboardInterrupt


def label(count):
    raise (SystemExit(0) if count == 1 else GeneratorExit)
