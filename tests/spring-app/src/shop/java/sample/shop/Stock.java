package sample.shop;

import java.math.BigDecimal;
import java.util.List;

import jakarta.persistence.EntityManager;

import org.springframework.beans.factory.InitializingBean;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionOperations;

/** Fills the database, which is in memory, before each process listens. */
@Component
class Stock implements InitializingBean {

    private static final List<String> CATEGORIES = List.of("books", "garden", "kitchen", "music", "toys");

    private static final int PRODUCTS = 500;

    private final EntityManager database;

    private final TransactionOperations transaction;

    Stock(EntityManager database, TransactionOperations transaction) {
        this.database = database;
        this.transaction = transaction;
    }

    @Override
    public void afterPropertiesSet() {
        transaction.executeWithoutResult(status -> fill());
    }

    private void fill() {
        List<Category> categories = CATEGORIES.stream().map(Category::new).toList();
        categories.forEach(database::persist);
        for (int number = 0; number < PRODUCTS; number++) {
            Category category = categories.get(number % categories.size());
            Product product = new Product("product " + number, BigDecimal.valueOf(100 + number, 2), category);
            for (int review = 0; review < 3; review++) {
                product.review(new Review(product, "reader " + review, 1 + (number + review) % 5));
            }
            database.persist(product);
        }
    }
}
