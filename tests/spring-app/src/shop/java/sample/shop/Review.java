package sample.shop;

import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.ManyToOne;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;

/** What somebody thinks of a product. */
@Entity
public class Review {

    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    private Long id;

    @NotBlank
    private String author;

    @Min(1)
    @Max(5)
    private int stars;

    @ManyToOne(optional = false)
    private Product product;

    protected Review() {
    }

    Review(Product product, String author, int stars) {
        this.product = product;
        this.author = author;
        this.stars = stars;
    }

    public Long getId() {
        return id;
    }

    public String getAuthor() {
        return author;
    }

    public int getStars() {
        return stars;
    }
}
