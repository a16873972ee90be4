"""Words that a model may be called by and that answers need: by themselves they tell nobody's name."""

from __future__ import annotations

GRAMMAR = frozenset({
    "a", "all", "also", "an", "and", "are", "as", "at", "be", "been", "both", "but", "by", "can", "could", "do",
    "does", "for", "from", "had", "has", "have", "he", "her", "here", "his", "how", "i", "if", "in", "into", "is",
    "it", "its", "just", "me", "my", "no", "not", "now", "of", "off", "on", "only", "or", "our", "out", "she",
    "should", "so", "some", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they",
    "this", "those", "to", "too", "under", "up", "us", "very", "was", "we", "were", "what", "when", "where",
    "which", "who", "why", "will", "with", "would", "you", "your",
})  # fmt: skip
"""Words that may follow "I am" in any text."""

ORDINARY = GRAMMAR | frozenset({
    "able", "about", "above", "add", "after", "again", "agent", "answer", "any", "app", "array", "assistant",
    "author", "back", "bad", "base", "basic", "best", "better", "big", "bool", "bot", "build", "call", "case",
    "chat", "cheap", "check", "class", "clean", "clear", "client", "close", "cloud", "code", "coder", "command",
    "common", "compact", "complete", "config", "copy", "correct", "count", "create", "current", "custom", "data",
    "date", "deep", "default", "demo", "dev", "different", "done", "down", "dummy", "each", "early", "easy", "echo",
    "edit", "empty", "end", "error", "even", "every", "example", "expert", "extra", "fail", "fake", "false", "fast",
    "file", "final", "find", "fine", "first", "fixed", "flash", "float", "found", "free", "full", "function",
    "general", "get", "give", "given", "go", "good", "great", "group", "half", "hard", "help", "high", "home",
    "host", "human", "idea", "image", "index", "input", "instruct", "int", "item", "job", "judge", "key", "kind",
    "know", "language", "large", "last", "late", "latest", "length", "less", "level", "library", "light", "like",
    "line", "list", "little", "load", "local", "long", "look", "low", "lower", "made", "main", "make", "many",
    "map", "match", "math", "max", "may", "medium", "member", "memory", "method", "min", "mini", "mock", "model",
    "module", "more", "most", "much", "must", "name", "need", "new", "next", "nice", "node", "none", "normal",
    "note", "number", "object", "old", "once", "one", "online", "open", "order", "other", "over", "own", "page",
    "parse", "part", "pass", "path", "person", "pipe", "place", "plain", "plan", "play", "point", "power", "pre",
    "preview", "print", "pro", "process", "program", "project", "prompt", "proxy", "public", "python", "query",
    "quick", "random", "rank", "rate", "raw", "read", "ready", "real", "reason", "record", "reference", "release",
    "remote", "replay", "reply", "request", "result", "return", "review", "right", "robot", "root", "round", "row",
    "rule", "run", "safe", "same", "sample", "save", "score", "script", "search", "second", "see", "self", "send",
    "server", "service", "set", "short", "show", "side", "simple", "single", "size", "slow", "small", "smart",
    "smooth", "solution", "solve", "solver", "sort", "source", "space", "special", "standard", "start", "state",
    "step", "still", "stop", "strict", "string", "strong", "student", "sum", "super", "sure", "system", "table",
    "take", "target", "task", "teacher", "tell", "temp", "test", "text", "thing", "think", "three", "time", "tiny",
    "token", "tool", "top", "total", "train", "tree", "true", "try", "turbo", "two", "type", "ultra", "union",
    "unit", "update", "upper", "use", "user", "utility", "value", "variable", "version", "wait", "want", "way",
    "weak", "web", "well", "whole", "wide", "winner", "word", "work", "world", "write", "writer", "wrong", "year",
    "yes", "zero",
})  # fmt: skip
