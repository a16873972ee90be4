"""Agents: programs that edit files in a container of their own, and reach their model through the gateway.

attempt    container, session, tries, record     container  the conversation with the supervisor inside
files      what is taken out, and the diff       feedback   what an agent is told
settings   the file of --solver-config
recorder   transcript and counts                 means      gateway and containers, one for all attempts of a run
"""
