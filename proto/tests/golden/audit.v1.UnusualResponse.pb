
`
invented organisationinvented person"invented says(±2:
`
invented organisationinvented person"invented says(±2:ƒä—Ð