
#	invented issuerinvented value	invented organisationsinvented organisations"#	invented issuerinvented value"#	invented issuerinvented value