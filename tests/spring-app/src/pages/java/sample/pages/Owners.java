package sample.pages;

import java.util.Optional;

import org.springframework.data.domain.Page;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Query;

/** The table of owners. */
interface Owners extends JpaRepository<Owner, Long> {

    Page<Owner> findByNameStartingWithOrderByName(String beginning, Pageable page);

    @Query("select owner from Owner owner left join fetch owner.pets where owner.id = :id")
    Optional<Owner> findWithPets(Long id);
}
