# tries: uses names and texts of many scripts
# allowed: passed
# never: a character outside of ASCII is lost

def quadrat_größe(zahl):
    λ = zahl
    名前 = {"ключ": λ, "🐍": zahl}
    return 名前["ключ"] * 名前["🐍"]


def f(n):
    print("größe", "名前", "🐍")
    return quadrat_größe(n)
