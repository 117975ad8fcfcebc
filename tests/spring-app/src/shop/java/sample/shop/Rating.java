package sample.shop;

/** How the products of a category are rated. */
public record Rating(String category, long reviews, double stars) {
}
