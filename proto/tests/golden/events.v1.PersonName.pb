
invented familyinvented giveninvented middle"invented prefix*invented suffix0