
è

invented person€‹Ò»
invented person€‹Ò»"›­®invented engine_version"invented language_version*invented schema2invented rules:
invented nameinvented text:
invented nameinvented textè

invented person€‹Ò»
invented person€‹Ò»"›­®invented engine_version"invented language_version*invented schema2invented rules:
invented nameinvented text:
invented nameinvented text