"""From a reply to a verdict to a selection: extract, grade, select."""
