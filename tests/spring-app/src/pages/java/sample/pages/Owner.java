package sample.pages;

import java.util.ArrayList;
import java.util.List;

import jakarta.persistence.CascadeType;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.Id;
import jakarta.persistence.OneToMany;
import jakarta.persistence.OrderBy;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;

/** Somebody with pets. */
@Entity
public class Owner {

    @Id
    @GeneratedValue
    private Long id;

    @NotBlank
    @Size(max = 80)
    private String name;

    @OneToMany(cascade = CascadeType.ALL, mappedBy = "owner")
    @OrderBy("name")
    private List<Pet> pets = new ArrayList<>();

    protected Owner() {
    }

    Owner(String name) {
        this.name = name;
    }

    void add(String pet) {
        pets.add(new Pet(pet, this));
    }

    public Long getId() {
        return id;
    }

    public String getName() {
        return name;
    }

    public List<Pet> getPets() {
        return pets;
    }
}
