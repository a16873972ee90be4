import sys

amounts = [int(line.split()[1]) for line in sys.stdin if line.strip()]
print(f"total: {sum(amounts)}")
if "--count" in sys.argv:
    print(f"lines: {len(amounts)}")
