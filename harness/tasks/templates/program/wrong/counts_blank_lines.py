# fails: counted
# why: it counts the blank line
import sys

lines = sys.stdin.read().split("\n")[:-1]
print(f"total: {sum(int(line.split()[1]) for line in lines if line)}")
if "--count" in sys.argv:
    print(f"lines: {len(lines)}")
