"""Word lists of generated documents. Changing one changes every document that was made with it."""

from __future__ import annotations

WORDS: dict[str, tuple[str, ...]] = {
    "person": (
        "Agnes", "Bertram", "Cecily", "Dorian", "Edwina", "Fergus", "Greta", "Horace", "Imogen", "Jasper", "Katrin",
        "Lionel", "Maud", "Nestor", "Ottilie", "Percival", "Ragnhild", "Silas", "Tamsin", "Ulric", "Verity", "Wystan",
    ),
    "place": (
        "the boathouse", "the upper orchard", "the old kiln", "the post office", "the mill pond", "the chapel",
        "the market hall", "the bakery", "the signal box", "the reading room", "the ferry landing", "the walled garden",
        "the schoolhouse", "the salt store", "the lime avenue", "the north gate",
    ),
    "weather": (
        "a thin drizzle", "a hard frost", "bright sunshine", "a low mist", "a gusty wind", "a steady rain",
        "a dry heat", "heavy cloud", "a clear sky", "a sudden hailstorm", "soft snow", "a pale haze",
    ),
    "part_of_day": (
        "before breakfast", "in the morning", "about noon", "after lunch", "in the afternoon", "towards evening",
        "after supper", "late at night",
    ),
    "dish": (
        "barley soup", "plum dumplings", "smoked trout", "onion tart", "pea pudding", "stewed pears", "rye pancakes",
        "leek pie", "baked apples", "cold mutton", "beetroot salad", "chestnut bread",
    ),
    "animal": (
        "the grey cat", "a heron", "two hedgehogs", "the neighbour's goat", "a barn owl", "the lame pony",
        "a flock of starlings", "the terrier", "three wild geese", "a very bold robin", "an otter", "the hens",
    ),
    "thing": (
        "the copper kettle", "a bundle of letters", "the garden ladder", "an old map", "the brass lamp", "a broken oar",
        "the sewing box", "a pair of skates", "the mantel clock", "a sack of bulbs", "the blue umbrella",
        "a tin of varnish", "the second-best saddle", "a box of slates",
    ),
    "feeling": (
        "contented", "restless", "rather tired", "oddly cheerful", "uneasy", "grateful", "a little foolish", "hopeful",
        "out of sorts", "proud", "curious", "at peace",
    ),
    "few": ("two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "subject": (
        "the price of coal", "the new curate", "the railway timetable", "the flood of last spring", "grafting pears",
        "the choir", "a lost inheritance", "the best way to stew quinces", "the comet", "the parish accounts",
        "poaching", "the regatta",
    ),
    "part": (
        "intake filter", "drive belt", "feed roller", "pressure valve", "cutting head", "guide rail", "oil pan",
        "control panel", "side cover", "suction hose", "drain plug", "tension spring", "bearing block",
        "discharge chute", "cooling fan", "clutch plate", "lifting arm", "motor housing",
    ),
    "tool": (
        "a soft brush", "a torque wrench", "a lint-free cloth", "the supplied key", "a feeler gauge", "warm water",
        "a plastic scraper", "compressed air", "the long screwdriver", "a drop of thin oil", "a grease gun",
        "a mirror and a lamp",
    ),
    "state": (
        "worn", "cracked", "loose", "dirty", "out of line", "damp", "discoloured", "noisy", "hot to the touch",
        "stiff", "dented", "scratched",
    ),
    "duty": (
        "before every shift", "once a week", "after every long run", "at the end of the season", "whenever it is moved",
        "after each change of material", "at every inspection", "before it is put into storage",
    ),
    "who": (
        "the operator", "a trained fitter", "the shift leader", "the supplier's engineer", "two people together",
        "the safety officer",
    ),
    "risk": (
        "a crushed finger", "a jammed roller", "uneven wear", "a loss of pressure", "a false reading", "overheating",
        "a damaged seal", "a needless stop",
    ),
    "topic": (
        "the leaking roof", "the summer fair", "the lending library", "car parking", "the heating", "membership fees",
        "the newsletter", "the footpath", "insurance", "the youth group", "the kitchen rota", "street lighting",
        "the memorial bench", "the website", "storage space", "the annual outing",
    ),
    "document": (
        "a written estimate", "a short report", "the revised plan", "a list of volunteers", "the contract",
        "a letter of thanks", "a risk assessment", "photographs of the damage", "a new timetable", "the old minutes",
    ),
    "body": (
        "the council", "the insurers", "the school", "the parish", "the water company", "the scouts", "the landlord",
        "the fire brigade", "the local press", "the choir",
    ),
    "opinion": (
        "too costly", "long overdue", "well worth the trouble", "premature", "a matter for the members", "unclear",
        "popular with the young", "hard to staff", "sensible", "beyond our means",
    ),
    "cause": (
        "the holidays", "a shortage of hands", "bad weather", "a misprint", "illness", "a late delivery",
        "a change of the law", "rising prices",
    ),
    "service": (
        "gateway", "billing", "search", "mailer", "catalogue", "sessions", "thumbnails", "scheduler", "inventory",
        "reports", "uploads", "webhooks",
    ),
    "host": (
        "alder", "aspen", "birch", "cedar", "elder", "hazel", "holly", "juniper", "larch", "linden", "maple", "rowan",
        "spruce", "willow",
    ),
    "route": (
        "/orders", "/basket", "/login", "/search", "/items", "/profile", "/health", "/export", "/prices", "/images",
        "/returns", "/stock",
    ),
    "cache": ("prices", "sessions", "images", "routes", "stock levels", "templates", "translations", "exchange rates"),
    "job": (
        "nightly export", "thumbnail sweep", "index refresh", "invoice batch", "mail digest", "stock count",
        "log rotation", "price import", "report build", "link check",
    ),
    "goods": (
        "roof slates", "lamp oil", "binding twine", "oak planks", "window glass", "seed potatoes", "harness leather",
        "wool bales", "printing ink", "copper wire", "barrel staves", "horse feed", "paint and brushes", "coal",
        "iron nails", "canvas", "linseed cake", "writing paper", "hinges and locks", "bricks", "salt", "tallow candles",
        "flour sacks", "fence posts",
    ),
    "reason": (
        "second delivery", "paid in cash", "on account", "less discount", "as agreed", "returned and reordered",
        "by carrier", "short weight made good", "for the spring stock", "urgent order", "quarterly order",
        "part payment",
    ),
}  # fmt: skip
"""Slot of a template -> what may stand there. No entry holds a digit."""

ACCOUNTS = (
    "Ashdown", "Birchall", "Calder", "Denholm", "Elwick", "Farrant", "Gisborne", "Hexley", "Ingram", "Jessop",
)  # fmt: skip
"""Whose bookings a ledger's filler is made of, unless its specification names others."""
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
