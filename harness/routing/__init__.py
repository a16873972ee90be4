"""Between those who ask and the models.

    gateway/   one OpenAI-compatible door, for agents in sandboxes and for people's own tools

Policies that choose between models come here, and answer through the same door.
"""
