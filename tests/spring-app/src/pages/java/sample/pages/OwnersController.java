package sample.pages;

import org.springframework.data.domain.PageRequest;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Controller;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.server.ResponseStatusException;

/** {@code GET /owners} and {@code GET /owners/N}: pages out of a database, slow at first as such pages are. */
@Controller
class OwnersController {

    private final Owners owners;

    OwnersController(Owners owners) {
        this.owners = owners;
    }

    @GetMapping("/owners")
    @Transactional(readOnly = true)
    String owners(@RequestParam(defaultValue = "") String beginning, @RequestParam(defaultValue = "0") int page,
            Model model) {
        var found = owners.findByNameStartingWithOrderByName(beginning, PageRequest.of(Math.max(0, page), 20));
        found.forEach(owner -> owner.getPets().size());
        model.addAttribute("owners", found);
        return "owners";
    }

    @GetMapping("/owners/{id}")
    String owner(@PathVariable Long id, Model model) {
        Owner owner = owners.findWithPets(id).orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND));
        model.addAttribute("owner", owner);
        return "owner";
    }
}
