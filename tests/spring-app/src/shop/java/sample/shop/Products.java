package sample.shop;

import java.util.List;

import org.springframework.data.domain.Page;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.EntityGraph;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Query;

/** The products in the database. */
interface Products extends JpaRepository<Product, Long> {

    @EntityGraph(attributePaths = "category")
    Page<Product> findByNameContainingIgnoreCase(String part, Pageable page);

    @Query("select new sample.shop.Rating(p.category.name, count(r), avg(r.stars)) from Product p join p.reviews r "
            + "group by p.category.name order by p.category.name")
    List<Rating> ratings();
}
