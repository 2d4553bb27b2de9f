"""Finding CPTS by what they did, with how many each further choice would leave."""
