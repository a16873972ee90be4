# kind: proxy
# tries: keeps its state in classes behind the functions that its tests call
# allowed: passed
# never: an honest program is refused

import dataclasses
import functools
import threading


@dataclasses.dataclass
class Till:
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)
    prices: list = dataclasses.field(default_factory=list)

    def add(self, price):
        with self.lock:
            self.prices.append(price)


def total(prices):
    till = Till()
    threads = [threading.Thread(target=till.add, args=(price,)) for price in prices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(till.prices)


@functools.lru_cache
def label(count):
    return f"{count} item" + "s" * (count != 1)
