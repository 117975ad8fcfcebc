package sample.shop;

import java.math.BigDecimal;
import java.util.List;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;

import org.springframework.data.domain.PageRequest;
import org.springframework.http.HttpStatus;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** The same as JSON, and the reviews. */
@RestController
class ApiController {

    record Shown(long id, String name, BigDecimal price, String category) {
    }

    record NewReview(@NotBlank String author, @Min(1) @Max(5) int stars) {
    }

    private final Products products;

    ApiController(Products products) {
        this.products = products;
    }

    @GetMapping("/api/products")
    @Transactional(readOnly = true)
    List<Shown> list() {
        return products.findByNameContainingIgnoreCase("", PageRequest.of(0, 50)).map(ApiController::shown).getContent();
    }

    @GetMapping("/api/ratings")
    List<Rating> ratings() {
        return products.ratings();
    }

    @PostMapping("/api/products/{id}/reviews")
    @ResponseStatus(HttpStatus.CREATED)
    @Transactional
    Shown review(@PathVariable long id, @Valid @RequestBody NewReview given) {
        Product product = products.findById(id).orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND));
        product.review(new Review(product, given.author(), given.stars()));
        return shown(product);
    }

    private static Shown shown(Product product) {
        return new Shown(product.getId(), product.getName(), product.getPrice(), product.getCategory().getName());
    }
}
